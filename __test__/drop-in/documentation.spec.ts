import { readFileSync, readdirSync } from 'node:fs'
import test from 'ava'
import '../support/census.ts'

const page = readFileSync('docs/drop-in.md', 'utf8')

test('docs/drop-in.md names the versions that the tests are run with', (t) => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const rows = [...page.matchAll(/^\| `([^`]+)` +\| ([\d.]+) /gm)]
  t.true(rows.length > 10)
  for (const [, name, version] of rows) t.is(devDependencies[name!], version, name)
})

test('docs/drop-in.md and examples/README.md name every example there is', (t) => {
  const index = readFileSync('examples/README.md', 'utf8')
  for (const file of readdirSync('examples/drop-in')) {
    t.true(page.includes(`(../examples/drop-in/${file})`), file)
    t.true(index.includes(`(drop-in/${file})`), file)
  }
})
