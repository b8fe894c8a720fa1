import { readFileSync } from 'node:fs'
import test from 'ava'
import { drawPicture, picture, sharesByDoor } from '../../benchmark/picture.js'
import '../support/census.js'

test('the picture of the README is that of the samples: node build/benchmark/picture.js', (t) => {
  t.is(readFileSync(picture, 'utf8'), drawPicture())
  t.true(readFileSync('README.md', 'utf8').includes(`](${picture})`))
})

test('docs/README.md says of each door what the samples say', (t) => {
  const rows = readFileSync('docs/README.md', 'utf8').matchAll(
    /^\| `(mio-js[/a-z]*)` +\| [^|]+\| ([\d.]+) +\| ([\d.]+) +\|$/gm,
  )
  const written = [...rows].map(([, door, thread, whole]) => [door, [thread, whole]])
  t.deepEqual(written, [...sharesByDoor()])
})
