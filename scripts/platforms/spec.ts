/**
 * Runs one spec in this process, whatever runtime that is, and writes what came of each test to a
 * file, a line of JSON each.
 *
 * ava runs a spec in a process of its own and speaks with it over IPC. Its half in the spec's process
 * works in every runtime; the other half does not (Bun and Deno lack what it needs of `node:v8`), and
 * under an emulator it takes longer to start than most specs to run. So this plays the other half, in
 * the same process: it answers what the half of the spec asks, and listens to what it tells.
 *
 * usage: RUNTIME spec.js JOB, a file with a {@link Job}
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Job {
  /** The spec, from the current folder. */
  readonly spec: string
  /** The file that gets the lines. */
  readonly report: string
  /** Patterns of titles, as ava has them: those that begin with `!` are left out. */
  readonly match: readonly string[]
}

/** What the lines say. The last one is `finished`, or the process did not come to its end. */
export type Line =
  | { readonly what: 'selected' | 'passed' | 'skipped' | 'left out'; readonly title: string }
  | { readonly what: 'failed'; readonly title: string; readonly why: string }
  | { readonly what: 'finished' }

/** What ava's half tells, as far as it is of interest. */
interface Told {
  readonly type: string
  readonly title?: string
  readonly skip?: boolean
  readonly err?: ToldError
  readonly stack?: string
}

interface ToldError {
  readonly message?: string
  readonly stack?: string
  readonly formattedError?: string
  readonly formattedDetails?: readonly { readonly label: string; readonly formatted: string }[]
}

const { match, report, spec } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job

function write(line: Line): void {
  appendFileSync(report, `${JSON.stringify(line)}\n`)
}

function reasonOf({ formattedDetails = [], formattedError, message, stack }: ToldError): string {
  const details = formattedDetails.map(({ formatted, label }) => `${label}\n${formatted}`)
  return [formattedError ?? message, ...details, stack].filter(Boolean).join('\n')
}

/** Tests that are not heard of any more are left out. */
const declared = new Set<string>()

function hear({ err = {}, skip, stack, title = spec, type }: Told): void {
  switch (type) {
    case 'ready-for-options':
      return tell({ type: 'options', options })
    case 'declared-test':
      declared.add(title)
      return
    case 'selected-test':
      declared.delete(title)
      return write({ what: skip === true ? 'skipped' : 'selected', title })
    case 'test-passed':
      return write({ what: 'passed', title })
    case 'test-failed':
    case 'hook-failed':
    case 'uncaught-exception':
    case 'unhandled-rejection':
    case 'internal-error':
      return write({ what: 'failed', title, why: `${type}: ${reasonOf(err)}` })
    case 'process-exit':
    case 'missing-ava-import':
      return write({ what: 'failed', title, why: `${type} ${stack ?? ''}` })
    case 'worker-finished':
      for (const left of declared) write({ what: 'left out', title: left })
      write({ what: 'finished' })
      return tell({ type: 'free-worker' })
  }
}

/** Not at once: ava's half asks first, and listens to the answer then. */
function tell(message: object): void {
  setImmediate(() => process.emit('message' as never, { ava: message } as never))
}

const folder = process.cwd()
const file = resolve(spec)
const options = {
  chalkOptions: { level: 0 },
  debug: {},
  experiments: {},
  failFast: false,
  failWithoutAssertions: true,
  file,
  match,
  moduleTypes: { cjs: 'commonjs', mjs: 'module', js: 'module' },
  projectDir: folder,
  providerStates: [],
  recordNewSnapshots: false,
  require: [],
  serial: true,
  snapshotDir: null,
  updateSnapshots: false,
}

const channel = { ref() {}, unref() {} }
const send = ({ ava }: { ava: Told }): boolean => {
  hear(ava)
  return true
}
for (const [name, value] of Object.entries({ channel, connected: true, send })) {
  Object.defineProperty(process, name, { configurable: true, value, writable: true })
}
await import(pathToFileURL(resolve('node_modules/ava/lib/worker/base.js')).href)
