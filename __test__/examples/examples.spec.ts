import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import '../support/census.js'

const examples = readdirSync('examples').filter((name) => name.endsWith('.ts'))

test('every example is short enough to be read, and is in the list', (t) => {
  const list = readFileSync('examples/README.md', 'utf8')
  t.true(examples.length >= 17)
  for (const name of examples) {
    const lines = readFileSync(join('examples', name), 'utf8').split('\n').length - 1
    t.true(lines < 120, `${name} has ${lines} lines`)
    t.true(list.includes(`[\`${name}\`](${name})`), `${name} is not in the list`)
  }
  for (const [, name] of list.matchAll(/\[`[\w-]+\.ts`\]\(([\w-]+\.ts)\)/g)) {
    t.true(examples.includes(name!), `${name} is in the list`)
  }
})

test('every example is driven by a spec', (t) => {
  const files = readdirSync('__test__/examples', { recursive: true, encoding: 'utf8' })
  const specs = files
    .filter((name) => name.endsWith('.ts') && !name.endsWith('examples.spec.ts'))
    .map((name) => readFileSync(join('__test__/examples', name), 'utf8'))
  for (const file of examples) {
    const name = file.replace('.ts', '')
    const isNamed = specs.some((text) => new RegExp(`['/]${name}(?:\\.js)?['"]`).test(text))
    t.true(isNamed, `${name} has no spec`)
  }
})
