/**
 * Compiles for systems that this machine can neither link nor run, up to where code would be made:
 * nothing of ours is left out there, and no warning is let through. Windows has the tests with it; on
 * systems without Node there is the core alone.
 *
 * usage: npm run check:targets -- [TRIPLE…] [--rust any|debian]
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { cleanEnvironment, denyWarnings } from './compile.js'
import { rustFor } from './rust.js'

const everything = ['--workspace', '--all-targets']
const core = ['--package', 'mio-js-core', '--lib']

/** What is compiled, of each target. */
const checks: Record<string, readonly string[]> = {
  'x86_64-pc-windows-msvc': everything,
  'i686-pc-windows-msvc': everything,
  'aarch64-pc-windows-msvc': everything,
  'x86_64-apple-darwin': everything,
  'aarch64-linux-android': everything,
  'x86_64-unknown-illumos': everything,
  'x86_64-unknown-netbsd': everything,
  'x86_64-unknown-openbsd': everything,
  'x86_64-unknown-hermit': core,
  'wasm32-wasip1': [...core, '--examples'],
  // It can be linked and run; this is how to see quickly what 32 bits change.
  'armv7-unknown-linux-gnueabihf': everything,
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rust: { type: 'string', default: 'any' } },
})
const source = values.rust
const names = positionals.length === 0 ? Object.keys(checks) : positionals
if (!names.every((name) => name in checks) || (source !== 'any' && source !== 'debian')) {
  console.error('usage: npm run check:targets -- [TRIPLE…] [--rust any|debian]')
  console.error(`targets: ${Object.keys(checks).join(' ')}`)
  process.exit(2)
}

/** Compiles for one, and says in one line what came of it. */
function check(triple: string, from: 'any' | 'debian'): string {
  const begin = performance.now()
  const { environment, flags, library } = rustFor(triple, from, cleanEnvironment())
  // The harness of tests is no part of a standard library that is built.
  const what = (checks[triple] ?? []).filter((arg) => flags.length === 0 || arg !== '--all-targets')
  const args = ['check', '--locked', '--keep-going', '--target', triple, ...what]
  const { error, status } = spawnSync('cargo', [...args, ...denyWarnings(triple), ...flags], {
    env: environment,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error(`cargo: ${error?.message ?? `ended with ${status}`}`)
  const seconds = Math.round((performance.now() - begin) / 1000)
  return `compiles, in ${seconds} s: ${what.join(' ')}; standard library: ${library}`
}

const lines: string[] = []
for (const triple of names) {
  console.error(`== ${triple}`)
  try {
    lines.push(`${triple} ${check(triple, source)}`)
  } catch (error) {
    lines.push(`${triple} failed: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
console.log(lines.join('\n'))
