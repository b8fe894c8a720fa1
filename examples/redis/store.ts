/** Keys examined in one step of the expiry cycle, and the share of dead ones that earns another step. */
const CYCLE_KEYS = 200
const CYCLE_DEAD = CYCLE_KEYS / 4
const CYCLE_STEPS = 20

/**
 * Values by key. A key is a string with one character for each byte; a value is bytes of its own,
 * never a view of a receive buffer, which one short value would keep alive as a whole.
 *
 * A key past its deadline is gone from the moment somebody looks at it; the expiry cycle removes
 * those that nobody looks at.
 */
export class Store {
  #values = new Map<string, Buffer>()
  #deadlines = new Map<string, number>()
  #cycle: Iterator<[string, number]> = this.#deadlines.entries()

  /** Number of keys, among them dead ones not found yet: what DBSIZE reports in Redis too. */
  get size(): number {
    return this.#values.size
  }

  get deadlineCount(): number {
    return this.#deadlines.size
  }

  /** The value, to be read at once: `put` may write into it later. */
  get(key: string): Buffer | undefined {
    if (this.#deadlines.size > 0) this.#expire(key)
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  /** Stores a copy of `bytes[start, end)` and leaves the deadline as it is. */
  put(key: string, bytes: Uint8Array, start = 0, end = bytes.length): void {
    const size = end - start
    const value = this.#room(key, size)
    if (size <= 32) {
      for (let i = 0; i < size; i++) value[i] = bytes[start + i]!
    } else {
      value.set(bytes.subarray(start, end))
    }
  }

  /** Stores a number's digits and leaves the deadline as it is. */
  putDigits(key: string, digits: string): void {
    const value = this.#room(key, digits.length)
    for (let i = 0; i < digits.length; i++) value[i] = digits.charCodeAt(i)
  }

  delete(key: string): boolean {
    const alive = this.has(key)
    if (alive) this.#remove(key)
    return alive
  }

  /** Milliseconds since 1970 at which the key dies; undefined for never. */
  deadline(key: string): number | undefined {
    return this.#deadlines.get(key)
  }

  setDeadline(key: string, deadline: number): void {
    this.#deadlines.set(key, deadline)
  }

  /** Forgets the deadline; false when there was none. */
  persist(key: string): boolean {
    return this.#deadlines.size > 0 && this.#deadlines.delete(key)
  }

  clear(): void {
    this.#values.clear()
    this.#deadlines.clear()
  }

  /** Every live key. */
  *keys(): Generator<string> {
    const now = Date.now()
    for (const key of this.#values.keys()) {
      const deadline = this.#deadlines.get(key)
      if (deadline === undefined || deadline > now) yield key
    }
  }

  /** Removes some of the dead keys: more while many are found, but never for long. */
  runExpiryCycle(): void {
    const now = Date.now()
    for (let step = 0; step < CYCLE_STEPS; step++) {
      let dead = 0
      for (let i = 0; i < CYCLE_KEYS; i++) {
        const entry = this.#cycle.next()
        if (entry.done === true) {
          this.#cycle = this.#deadlines.entries()
          return
        }
        const [key, deadline] = entry.value
        if (deadline <= now) {
          this.#remove(key)
          dead++
        }
      }
      if (dead < CYCLE_DEAD) return
    }
  }

  /** The memory of the value to come. */
  #room(key: string, size: number): Buffer {
    const old = this.#values.get(key)
    // A value of the same size is the rule for counters and benchmarks: no memory to allocate.
    if (old?.length === size) return old
    // Short ones share blocks of 8 KiB: the most that one of them keeps alive.
    const value = Buffer.allocUnsafe(size)
    this.#values.set(key, value)
    return value
  }

  #expire(key: string): void {
    const deadline = this.#deadlines.get(key)
    if (deadline !== undefined && deadline <= Date.now()) this.#remove(key)
  }

  #remove(key: string): void {
    this.#values.delete(key)
    this.#deadlines.delete(key)
  }
}
