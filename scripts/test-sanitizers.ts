/**
 * Runs the tests of Rust under the instruments that watch memory and threads, Linux x64:
 *
 * - `address`: AddressSanitizer, and LeakSanitizer at the end of each test program;
 * - `thread`: ThreadSanitizer; std is built with it, as it would take its locks for none else;
 * - `valgrind`: the echo stress test, as it is built usually: uninitialised bytes that reach the
 *   system or a decision, and leaks.
 *
 * usage: npm run test:sanitizers [-- PART… [--test NAME]…]      NAME is a file of crates/core/tests
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { hasStandardLibrarySources, environment, target, unavailable } from './sanitizer.js'

interface Part {
  readonly run: () => boolean
  /** Why it cannot run here. */
  readonly lacks: () => string | undefined
}

const { positionals: wanted, values } = parseArgs({
  allowPositionals: true,
  options: { test: { type: 'string', multiple: true, default: [] } },
})

const chosen =
  values.test.length > 0 ? values.test.flatMap((name) => ['--test', name]) : ['--lib', '--tests']
const tests = [
  'test',
  '--locked',
  '--no-fail-fast',
  '--package',
  'mio-js-core',
  ...chosen,
  '--quiet',
]

function succeeds(command: string, args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  return spawnSync(command, args, { env, stdio: 'inherit' }).status === 0
}

function hasValgrind(): boolean {
  return spawnSync('valgrind', ['--version'], { stdio: 'ignore' }).status === 0
}

/** The programs of a test, built as usual. */
function programs(test: string): string[] {
  const args = ['test', '--locked', '--package', 'mio-js-core', '--test', test, '--no-run']
  const { status, stdout } = spawnSync('cargo', [...args, '--message-format=json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`cargo ended with ${status}`)
  const messages = stdout.split('\n').filter((line) => line.startsWith('{'))
  return messages.flatMap((line) => {
    const { executable } = JSON.parse(line) as { executable?: string | null }
    return typeof executable === 'string' ? [executable] : []
  })
}

const parts: Readonly<Record<string, Part>> = {
  address: {
    lacks: () => undefined,
    run: () => succeeds('cargo', [...tests, '--target', target], environment('address')),
  },
  thread: {
    lacks: () =>
      hasStandardLibrarySources()
        ? undefined
        : 'std has to be built as well, from what `rustup component add rust-src` downloads',
    run: () => {
      const std = ['--target', target, '-Zbuild-std=std,panic_unwind']
      return succeeds('cargo', [...tests, ...std], environment('thread'))
    },
  },
  valgrind: {
    lacks: () => (hasValgrind() ? undefined : 'valgrind is not there'),
    run: () => {
      // What is only possibly lost is a table in a static of ours and the main thread in one of std's:
      // both are kept by pointers into their middle.
      const kinds = 'definite,indirect'
      const leaks = [`--show-leak-kinds=${kinds}`, `--errors-for-leak-kinds=${kinds}`]
      const options = ['--leak-check=full', ...leaks, '--error-exitcode=99', '--fair-sched=try']
      return programs('echo').every((program) =>
        succeeds('valgrind', ['--quiet', ...options, program, '--test-threads=1'], process.env),
      )
    },
  },
}

const unknown = wanted.find((name) => !(name in parts))
if (unknown !== undefined)
  throw new Error(`there is no ${unknown}: ${Object.keys(parts).join(', ')}`)
const lacking = unavailable()
const failed: string[] = []
for (const [name, { lacks, run }] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const begin = performance.now()
  console.log(`== ${name}`)
  const reason = lacking ?? lacks()
  if (reason !== undefined) {
    console.log(`${name} cannot be tried: ${reason}`)
    // In CI all is there.
    if (lacking === undefined && process.env['CI'] === 'true') failed.push(name)
    continue
  }
  if (!run()) failed.push(name)
  const seconds = Math.round((performance.now() - begin) / 1000)
  console.log(`== ${name} ${failed.includes(name) ? 'failed' : 'found nothing'} in ${seconds} s`)
}
process.exitCode = failed.length === 0 ? 0 : 1
