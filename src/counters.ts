/** Counters that can be read after what they count is gone: the last ones that could be had. */
export class Counters<Field extends string> {
  readonly #fields: readonly Field[]
  readonly #numbers: Float64Array
  readonly #read: (out: Float64Array) => number
  #isOver = false

  constructor(fields: readonly Field[], read: (out: Float64Array) => number) {
    this.#fields = fields
    this.#numbers = new Float64Array(fields.length)
    this.#read = read
  }

  /** Reads them, perhaps for the last time: what cannot be read later is what was read last. */
  keep(): void {
    this.#read(this.#numbers)
  }

  /** Reads them for the last time. */
  finish(): void {
    this.keep()
    this.#isOver = true
  }

  read(): Readonly<Record<Field, number>> {
    // Fails only when native code has lost them, and leaves the numbers alone then.
    if (!this.#isOver) this.#read(this.#numbers)
    const entries = this.#fields.map((field, index) => [field, this.#numbers[index]])
    return Object.freeze(Object.fromEntries(entries) as Record<Field, number>)
  }
}
