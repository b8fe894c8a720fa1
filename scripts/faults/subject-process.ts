/** A process in which calls fail, seen from outside: it may die, or not answer. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createControl } from './control.js'
import { type Setting, patience } from './scenario.js'
import type { Order, Report } from './subject.js'

/** Long for a run whose own patience is over. */
const deadline = patience + 10_000

export class SubjectProcess {
  readonly #shim: string
  readonly #scenario: string
  readonly #setting: Setting
  readonly #folder = mkdtempSync(join(tmpdir(), 'mio-js-faults-'))
  #child: ChildProcess | undefined
  #stderr = ''

  constructor(shim: string, scenario: string, setting: Setting) {
    this.#shim = shim
    this.#scenario = scenario
    this.#setting = setting
  }

  /** Has one run made, in a new process if there is none, or none any more. */
  async run(order: Order): Promise<Report | string> {
    try {
      this.#child ??= await this.#start()
    } catch (error) {
      return (error as Error).message
    }
    const child = this.#child
    const answer = this.#answer(child)
    child.send(order)
    try {
      const report = (await answer) as Report
      // What it left behind would be found again by each run to come.
      if (report.violations.length > 0) this.end()
      return report
    } catch (error) {
      this.end()
      return (error as Error).message
    }
  }

  /** Ends the process. */
  end(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  close(): void {
    this.end()
    rmSync(this.#folder, { recursive: true })
  }

  async #start(): Promise<ChildProcess> {
    const control = join(this.#folder, 'control')
    createControl(control)
    const program = fileURLToPath(new URL('subject.js', import.meta.url))
    const { io, wake } = this.#setting
    const child = fork(program, [control, this.#scenario, io, wake], {
      env: { ...process.env, LD_PRELOAD: this.#shim, MIO_JS_FAULTS: control },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.#stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    await this.#answer(child)
    return child
  }

  /** The next message, or how the process has ended instead. */
  async #answer(child: ChildProcess): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('it does not answer')), deadline)
        child.once('message', resolve)
        child.once('exit', (code, signal) => {
          reject(new Error(`it died: ${signal ?? code}\n${this.#stderr}`))
        })
      })
    } finally {
      clearTimeout(timer)
      child.removeAllListeners()
    }
  }
}
