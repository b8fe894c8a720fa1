const NOTHING: Buffer = Buffer.alloc(0)

/** The least room that is worth a read. */
const LEAST_ROOM = 16 * 1024

/** A buffer this many times larger than needed is given back. */
const WASTE = 8

/**
 * What has been received and not yet understood: `bytes[start, end)`.
 *
 * Reads go to one scratch buffer that all connections share, because nearly always all of it is
 * understood at once and an idle connection then has no buffer at all. Only the first part of a
 * command whose rest is still on its way moves to a buffer of the connection's own.
 */
export class Input {
  bytes: Buffer = NOTHING
  start = 0
  end = 0
  readonly #scratch: Buffer

  constructor(scratch: Buffer) {
    this.#scratch = scratch
  }

  get length(): number {
    return this.end - this.start
  }

  /**
   * Where the next read goes; `added` says what came of it. `missing` is how much the present command
   * lacks. What a peer announces is believed only so far as it has sent as much already.
   */
  room(missing: number): Buffer {
    if (this.length === 0) {
      this.bytes = this.#scratch
      this.start = 0
      this.end = 0
      return this.bytes
    }
    const wanted = Math.max(LEAST_ROOM, Math.min(missing, this.length))
    if (this.bytes === this.#scratch || this.bytes.length - this.end < LEAST_ROOM) this.#own(wanted)
    return this.bytes.subarray(this.end)
  }

  added(count: number): void {
    this.end += count
  }

  /** Leaves the scratch buffer to the next connection. */
  settle(): void {
    if (this.length === 0) {
      this.bytes = NOTHING
      this.start = 0
      this.end = 0
    } else if (this.bytes === this.#scratch) {
      this.#own(0)
    }
  }

  /** Moves what is there to the front of an own buffer with room for `more`. */
  #own(more: number): void {
    const length = this.length
    const needed = length + more
    const size = this.bytes.length
    if (this.bytes === this.#scratch || size < needed || size > WASTE * needed) {
      const own = Buffer.allocUnsafeSlow(needed)
      this.bytes.copy(own, 0, this.start, this.end)
      this.bytes = own
    } else {
      this.bytes.copyWithin(0, this.start, this.end)
    }
    this.start = 0
    this.end = length
  }
}
