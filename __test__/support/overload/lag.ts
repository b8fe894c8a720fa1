/** How late a timer of 10 ms comes: what the event loop does besides. */
export class Lag {
  #due = performance.now() + 10
  #all: number[] = []
  readonly #timer = setInterval(() => {
    const now = performance.now()
    this.#all.push(Math.max(0, now - this.#due))
    this.#due = now + 10
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
