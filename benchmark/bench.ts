/** Runs the benchmarks that are named, or all: `npm run bench -- calls`, `npm run bench`. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What is run if none is named; the report makes a page of its own, and is named by who wants that. */
const benchmarks = [
  'calls',
  'echo',
  'udp',
  'engine',
  'net',
  'http',
  'growth',
  'border',
  'pool',
] as const

const [name, ...args] = process.argv.slice(2)
const named = [...benchmarks, 'report'] as const
const chosen = name === undefined ? benchmarks : named.filter((known) => known === name)
if (chosen.length === 0) {
  console.error(`error: there is no benchmark ${name}; there are ${named.join(', ')}`)
  process.exit(2)
}
for (const benchmark of chosen) {
  const program = fileURLToPath(new URL(`${benchmark}.js`, import.meta.url))
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
