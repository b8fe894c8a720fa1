import { parseInteger, type Integer } from './integer.ts'

const NOTHING = Buffer.alloc(0)

/** Above this many arguments the bookkeeping is given back after the command. */
const KEPT_ARGUMENTS = 1024

/**
 * The arguments of one command, as places in the bytes that were received: nothing is copied or
 * decoded before a command asks for it. Places are relative to the command's first byte, so that the
 * bytes may move while the rest of a command is still on its way.
 *
 * Valid only until the command has run.
 */
export class Request {
  bytes: Buffer = NOTHING
  base = 0
  count = 0
  #places: number[] = []

  reset(): void {
    if (this.count > KEPT_ARGUMENTS) this.#places = []
    this.count = 0
  }

  /** Lets go of the received bytes, which may be many. */
  release(): void {
    this.bytes = NOTHING
  }

  add(start: number, end: number): void {
    this.#places[this.count * 2] = start
    this.#places[this.count * 2 + 1] = end
    this.count++
  }

  start(index: number): number {
    return this.base + this.#places[index * 2]!
  }

  end(index: number): number {
    return this.base + this.#places[index * 2 + 1]!
  }

  /** The argument with one character for each byte: safe for any bytes, and a good Map key. */
  text(index: number): string {
    return this.bytes.toString('latin1', this.start(index), this.end(index))
  }

  /** The argument as the name of an option or subcommand. */
  word(index: number): string {
    return this.text(index).toLowerCase()
  }

  integer(index: number): Integer | null {
    return parseInteger(this.bytes, this.start(index), this.end(index))
  }
}
