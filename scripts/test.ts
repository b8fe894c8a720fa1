/**
 * Runs every test: Rust's, then TypeScript's once for each way in which readiness can reach the
 * event loop; those of the drop-in once, as they stand on the engine, which has been through both.
 * Then says which tests of docs/faults.md did not run. The last line is `N passed, N failed`, of all
 * runners together.
 *
 * usage: npm test                 all
 *        npm test -- SPEC…        only these, such as `__test__/poll.spec.ts`
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Log, readTable, report } from './faults-table.js'

interface Count {
  passed: number
  failed: number
}

/** Runs a command, shows what it prints, and adds up what `read` finds in its lines. */
async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  read: (line: string, count: Count) => void,
): Promise<Count> {
  console.log(`> ${[command, ...args].join(' ')}`)
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  })
  const count = { passed: 0, failed: 0 }
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    // One line for each test of Rust that passed is too much.
    if (!/^test .+ \.\.\. ok$/.test(line)) console.log(line)
    read(line, count)
  })
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
  // A runner that could not even start its tests has failed, too.
  if (code !== 0 && count.failed === 0) count.failed = 1
  if (code === 0 && count.passed === 0) count.failed = 1
  return count
}

/** What ran, to be compared with docs/faults.md. */
const log = new Log()

/** `test result: ok. 12 passed; 0 failed; …`, for each test binary. */
function readCargo(line: string, count: Count): void {
  log.readCargo(line)
  const match = /^test result: .* (\d+) passed; (\d+) failed;/.exec(line)
  count.passed += Number(match?.[1] ?? 0)
  count.failed += Number(match?.[2] ?? 0)
}

/** TAP: `ok 3 - title`, `not ok 4 - title`; what was skipped is neither. */
function readTap(line: string, count: Count): void {
  log.readTap(line)
  if (/^ok \d+(?!.*# SKIP)/.test(line)) count.passed += 1
  if (/^not ok \d+/.test(line)) count.failed += 1
}

/** What ava is to run of a spec that is named by its source: it runs what was compiled. */
function compiled(spec: string): string {
  const [, source] = /^(?:\.[\\/])?(__test__[\\/].+)\.ts$/.exec(spec) ?? []
  return source === undefined ? spec : `build/${source.replaceAll('\\', '/')}.js`
}

const filter = process.argv.slice(2).map(compiled)
const wakes = process.platform === 'win32' ? ['thread'] : ['uv', 'thread']

const counts: Count[] = []
if (filter.length === 0) {
  const cargo = ['test', '--workspace', '--locked']
  counts.push(await run('cargo', cargo, {}, readCargo))
}
for (const [turn, wake] of wakes.entries()) {
  console.log(`# wake-up: ${wake}`)
  const ava = ['ava', '--tap', ...filter]
  const again = turn > 0 && filter.length === 0 ? { MIO_JS_TEST_AGAIN: '1' } : {}
  const env = { MIO_JS_WAKE: wake, NODE_OPTIONS: '--expose-gc', ...again }
  counts.push(await run('npx', ava, env, readTap))
}

const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const notRun = filter.length === 0 ? report(readTable(), log) : 0
const failed = counts.reduce((sum, count) => sum + count.failed, notRun)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
