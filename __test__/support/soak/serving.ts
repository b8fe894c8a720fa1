import type { Wire } from '../doors/door.js'
import { Member } from './tally.js'

/** How a connection ends; its first byte. The next four are the length of what follows. */
export const Way = Object.freeze({
  /** The client ends when it has its answer, or later. */
  CLIENT: 1,
  /** The server ends when it has answered. */
  SERVER: 2,
  /** The client resets when it has its answer. */
  RESET: 3,
} as const)

export type Way = (typeof Way)[keyof typeof Way]

export const head = 5

/** Gives back what it gets, and no faster than that is read. */
export class Answering extends Member {
  #head = Buffer.alloc(0)
  #way: number = Way.CLIENT
  #left = Infinity
  #mayFail = false

  override data(wire: Wire, chunk: Buffer): void {
    super.data(wire, chunk)
    if (this.#head.length < head) this.#begin(chunk)
    this.#left -= chunk.length
    if (!this.send(chunk)) wire.pause()
    if (this.#way === Way.SERVER && this.#left <= 0) wire.end()
  }

  override drain(wire: Wire): void {
    super.drain(wire)
    wire.resume()
  }

  override end(wire: Wire): void {
    super.end(wire)
    wire.end()
  }

  override close(wire: Wire, error: NodeJS.ErrnoException | undefined): void {
    super.close(wire, error)
    if (error !== undefined && !this.#mayFail) this.tally.violate(`closed with ${error.code}`)
  }

  #begin(chunk: Buffer): void {
    const before = this.#head.length
    this.#head = Buffer.concat([this.#head, chunk.subarray(0, head - before)])
    if (this.#head.length < head) return
    this.#way = this.#head[0]!
    this.#left = this.#head.readUInt32BE(1) + head - before
    this.#mayFail = this.#way === Way.RESET
  }
}
