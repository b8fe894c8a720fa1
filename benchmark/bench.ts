/** Runs the benchmarks that are named, or all: `npm run bench -- calls`, `npm run bench`. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

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
const chosen = name === undefined ? benchmarks : benchmarks.filter((known) => known === name)
if (chosen.length === 0) {
  console.error(`error: there is no benchmark ${name}; there are ${benchmarks.join(', ')}`)
  process.exit(2)
}
for (const benchmark of chosen) {
  const program = fileURLToPath(new URL(`${benchmark}.js`, import.meta.url))
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
