/** How late a timer of 10 ms comes: what the event loop does besides. */
import { readFileSync } from 'node:fs'

export class Lag {
  #due = performance.now() + 10
  #starved = starvation()
  #all: number[] = []
  readonly #timer = setInterval(() => {
    const [now, starved] = [performance.now(), starvation()]
    this.#all.push(Math.max(0, now - this.#due - (starved - this.#starved)))
    this.#due = now + 10
    this.#starved = starved
  }, 10)

  /** Milliseconds since it was read last. */
  read(): { median: number; max: number } {
    const sorted = this.#all.toSorted((a, b) => a - b)
    this.#all = []
    return { median: sorted[sorted.length >> 1] ?? Infinity, max: sorted.at(-1) ?? Infinity }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Milliseconds that the main thread has waited for a processor: those belong to whoever had it. */
function starvation(): number {
  const [, waiting] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(waiting) / 1e6
}
