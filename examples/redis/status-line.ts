import type { Counters } from './command.ts'
import { CpuMeter } from './cpu-meter.ts'

const PERIOD = 1000

/** One line on a terminal, rewritten in place each second, that says how the server is doing. */
export class StatusLine {
  readonly #counters: Counters
  readonly #write: (text: string) => void
  readonly #cpu = new CpuMeter()
  #timer: NodeJS.Timeout | undefined
  #commands = 0
  #at = performance.now()
  #shown = false

  constructor(counters: Counters, write: (text: string) => void) {
    this.#counters = counters
    this.#write = write
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), PERIOD)
  }

  /** Leaves the last line where it is, and the cursor below it. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#shown) this.#write('\n')
    this.#shown = false
  }

  #show(): void {
    const { connections, commands } = this.#counters
    const at = performance.now()
    const rate = Math.round(((commands - this.#commands) * 1000) / (at - this.#at))
    this.#commands = commands
    this.#at = at
    const cpu = Math.round(this.#cpu.read())
    const text = `${connections} connections, ${rate} commands/s, ${this.#cpu.subject} ${cpu} % CPU`
    // Back to the first column; what an older, longer line left behind is erased.
    this.#write(`\r${text}\u001B[K`)
    this.#shown = true
  }
}
