/** Programs that a benchmark starts: their lines, and the CPU that they use. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** CPU in microseconds: of the main thread, where JavaScript runs, and of the whole process. */
export interface Cpu {
  readonly main: number
  readonly process: number
}

/** A started program, read line by line. */
export class Program implements Disposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor([command, ...args]: readonly string[]) {
    if (command === undefined) throw new TypeError('no command')
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new TypeError('no stdout')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** The next line; rejects when the program ends instead. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error(`${this.#child.spawnfile} ended early`)
    return value
  }

  /** Sends an empty line, on which the load generator waits. */
  go(): void {
    this.#child.stdin?.write('\n')
  }

  /** Exact on Linux; elsewhere nothing tells about a thread, so `null`. */
  cpu(): Cpu | null {
    if (process.platform !== 'linux') return null
    const tasks = `/proc/${this.#child.pid}/task`
    const used = (task: string): number =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')[0]) / 1000
    const whole = readdirSync(tasks).reduce((sum, task) => sum + used(task), 0)
    return { main: used(String(this.#child.pid)), process: whole }
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end()
    this.#child.kill()
  }
}
