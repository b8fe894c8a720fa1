import { MAX_OUTPUT } from './limits.ts'
import type { Integer } from './integer.ts'

const RETURN = 0x0d
const NEWLINE = 0x0a
const BULK = 0x24
const ARRAY = 0x2a
const INTEGER = 0x3a
const MINUS = 0x2d
const ZERO = 0x30

const INITIAL_SIZE = 64 * 1024
/** A buffer that one large reply has made larger than this is given back. */
const KEPT_SIZE = 2 * 1024 * 1024
/** Below this a loop is faster than the call that copies memory. */
const SHORT = 32
/** A type byte, 20 digits and a line's end. */
const LONGEST_HEADER = 24

export const OK = constant('+OK')
export const PONG = constant('+PONG')
export const NIL = constant('$-1')
export const SYNTAX_ERROR = constant('-ERR syntax error')
export const NOT_AN_INTEGER = constant('-ERR value is not an integer or out of range')

/**
 * The replies of one turn of one connection, to leave in one write. One such buffer serves all
 * connections in turn; what could not be sent is copied out of it.
 */
export class ReplyBuffer {
  bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE)
  length = 0
  /** The replies came to more than any connection may owe its peer; they are incomplete. */
  overflowed = false

  clear(): void {
    this.length = 0
    this.overflowed = false
    if (this.bytes.length > KEPT_SIZE) this.bytes = Buffer.allocUnsafeSlow(INITIAL_SIZE)
  }

  /** A reply that was encoded beforehand. */
  raw(reply: Uint8Array): void {
    if (this.#reserve(reply.length)) this.#append(reply, 0, reply.length)
  }

  /** A short text that has no line's end in it. */
  simple(text: string): void {
    this.#line(`+${text}\r\n`)
  }

  /** An error; its first word is the code that programs look at. */
  error(text: string): void {
    this.#line(`-${text.replace(/[\r\n]+$/, '').replaceAll(/[\r\n]/g, ' ')}\r\n`)
  }

  integer(value: Integer): void {
    if (this.#reserve(LONGEST_HEADER)) this.#header(INTEGER, value)
  }

  /** Announces that many replies as one. */
  array(count: number): void {
    if (this.#reserve(LONGEST_HEADER)) this.#header(ARRAY, count)
  }

  /** Any bytes, or a part of them. */
  bulk(value: Uint8Array, start = 0, end = value.length): void {
    const size = end - start
    if (!this.#reserve(LONGEST_HEADER + size + 2)) return
    this.#header(BULK, size)
    this.#append(value, start, end)
    this.#endLine()
  }

  /** Bytes that are at hand as a string with one character for each. */
  bulkText(text: string): void {
    if (!this.#reserve(LONGEST_HEADER + text.length + 2)) return
    this.#header(BULK, text.length)
    this.length += this.bytes.write(text, this.length, 'latin1')
    this.#endLine()
  }

  #line(text: string): void {
    if (this.#reserve(text.length)) this.length += this.bytes.write(text, this.length, 'latin1')
  }

  #header(type: number, value: Integer): void {
    const bytes = this.bytes
    let at = this.length
    bytes[at++] = type
    if (value >= 0 && value < 1_000_000_000) {
      let rest = Number(value)
      let end = at + 1
      for (let bound = 10; rest >= bound; bound *= 10) end++
      for (let i = end - 1; i >= at; i--) {
        const tenth = Math.trunc(rest / 10)
        bytes[i] = ZERO + (rest - tenth * 10)
        rest = tenth
      }
      at = end
    } else if (value === -1) {
      bytes[at++] = MINUS
      bytes[at++] = ZERO + 1
    } else {
      at += bytes.write(String(value), at, 'latin1')
    }
    this.length = at
    this.#endLine()
  }

  #append(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    if (size <= SHORT) {
      for (let i = 0; i < size; i++) this.bytes[this.length + i] = source[start + i]!
    } else {
      const whole = size === source.length
      this.bytes.set(whole ? source : source.subarray(start, end), this.length)
    }
    this.length += size
  }

  #endLine(): void {
    this.bytes[this.length] = RETURN
    this.bytes[this.length + 1] = NEWLINE
    this.length += 2
  }

  #reserve(size: number): boolean {
    const needed = this.length + size
    if (needed <= this.bytes.length) return true
    if (this.overflowed || needed > MAX_OUTPUT) {
      this.overflowed = true
      return false
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
    return true
  }
}

/** Encodes a reply that is always the same. */
function constant(line: string): Uint8Array {
  return Buffer.from(`${line}\r\n`, 'latin1')
}
