/** The programs of the documentation, run as they stand there. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ExecutionContext } from 'ava'
import { long } from './patience.js'

/** Long for any program of the documentation, and shorter than the patience of ava. */
const deadline = long(40_000)
let count = 0

/** All programs of a page. They begin with what they import; other samples are parts of one. */
export function samplesOf(page: string): string[] {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```js\n(import .*?)^```$/gms)].map(([, program]) => program as string)
}

/** A program that runs, and is ended with the test if it has not ended. */
export class Sample {
  readonly child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #lines: AsyncIterator<string>

  constructor(t: ExecutionContext, program: string | undefined, environment = {}) {
    t.truthy(program, 'the page has fewer programs')
    // Inside the package, whose own name it imports.
    mkdirSync('build/samples', { recursive: true })
    const file = `build/samples/${process.pid}-${count++}.mjs`
    writeFileSync(file, program ?? '')
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: deadline,
    })
    this.child = child
    this.#closed = once(child, 'close')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    t.teardown(async () => {
      await this.stop()
      rmSync(file)
    })
  }

  /** What it prints next. Rejects if it ends instead. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done !== true) return value
    throw new Error(`the program has ended: ${await this.ended()}`)
  }

  /** The port that it says it listens on. */
  async port(): Promise<number> {
    const line = await this.line()
    const [, port] = /^listening on 127\.0\.0\.1:(\d+)$/.exec(line) ?? []
    if (port === undefined) throw new Error(`no port in: ${line}`)
    return Number(port)
  }

  /** How it ended: an exit code, or the name of a signal. */
  async ended(): Promise<number | string> {
    await this.#closed
    return this.child.exitCode ?? this.child.signalCode ?? ''
  }

  async stop(): Promise<void> {
    this.child.kill()
    await this.#closed
  }
}
