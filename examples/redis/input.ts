const NOTHING: Buffer = Buffer.alloc(0)

/** The least room that is worth a read. */
const LEAST_ROOM = 16 * 1024

/** A buffer this many times larger than needed is given back. */
const WASTE = 8

/**
 * What has been received and not yet understood: `bytes[start, end)`.
 *
 * Nearly always all of what arrives is understood at once, where it is: nothing is copied, and an
 * idle connection has no buffer at all. Only the first part of a command whose rest is still on its
 * way moves to a buffer of the connection's own.
 */
export class Input {
  bytes: Buffer = NOTHING
  start = 0
  end = 0
  /** The bytes are somebody else's. */
  #isLent = false

  get length(): number {
    return this.end - this.start
  }

  /**
   * Takes bytes that stay as they are until `settle`. `missing` is how much the present command
   * lacks.
   */
  add(chunk: Buffer, missing: number): void {
    if (this.length === 0) {
      this.lend(chunk, chunk.length)
      return
    }
    this.#reserve(chunk.length, missing)
    chunk.copy(this.bytes, this.end)
    this.end += chunk.length
  }

  /** As `add`, of the first bytes of a buffer, when nothing is there yet. */
  lend(buffer: Buffer, length: number): void {
    this.bytes = buffer
    this.start = 0
    this.end = length
    this.#isLent = true
  }

  /** Where the rest of the present command may be read to; `added` says what came of it. */
  room(missing: number): Buffer {
    this.#reserve(LEAST_ROOM, missing)
    return this.bytes.subarray(this.end)
  }

  added(count: number): void {
    this.end += count
  }

  /** Keeps a copy of what is not understood yet. */
  settle(): void {
    if (this.length === 0) {
      this.bytes = NOTHING
      this.start = 0
      this.end = 0
    } else if (this.#isLent) {
      this.#own(0)
    }
  }

  /** Makes room for so many bytes at the end, of own memory. */
  #reserve(count: number, missing: number): void {
    if (!this.#isLent && this.bytes.length - this.end >= count) return
    const { length } = this
    // What a peer announces is believed only so far as it has sent as much already. Without an
    // announcement there is room for half as much again, or many small arguments would be copied
    // once for each few of them.
    this.#own(Math.max(count, Math.min(missing, length), length >> 1))
  }

  /** Moves what is there to the front of an own buffer with room for `more`. */
  #own(more: number): void {
    const { length } = this
    const needed = length + more
    const size = this.bytes.length
    if (this.#isLent || size < needed || size > WASTE * needed) {
      const own = Buffer.allocUnsafeSlow(needed)
      this.bytes.copy(own, 0, this.start, this.end)
      this.bytes = own
      this.#isLent = false
    } else {
      this.bytes.copyWithin(0, this.start, this.end)
    }
    this.start = 0
    this.end = length
  }
}
