import { splitInline } from './inline.ts'
import { parseInteger } from './integer.ts'
import { MAX_ARGUMENTS, MAX_BULK, MAX_LINE } from './limits.ts'
import { Request } from './request.ts'

/** No whole command yet. */
export const INCOMPLETE = 0
/** `request` holds a command. */
export const READY = 1
/** `error` says what the peer did wrong; nothing after it can be understood. */
export const BROKEN = 2

export type Progress = typeof INCOMPLETE | typeof READY | typeof BROKEN

const NEWLINE = 0x0a
const RETURN = 0x0d
const DOLLAR = 0x24
const STAR = 0x2a
const ZERO = 0x30
const NINE = 0x39

/** What `#length` answers when it has no length. */
const UNFINISHED = -2
const INVALID = -3

/**
 * Reads the Redis protocol, RESP2, as a server does. It remembers how far it came into a command, so
 * that a command which arrives in many pieces is read once and not once per piece.
 */
export class RequestParser {
  readonly request = new Request()
  error = ''
  /** Where the first command that has not been handed out begins. */
  next = 0
  /** How many bytes the command at `next` lacks at least. */
  missing = 1

  /** Arguments still to come in the command being read; 0 between commands. */
  #remaining = 0
  /** Length of the argument being read, or UNFINISHED. */
  #bulk = UNFINISHED
  /** How far the command has been read, from its first byte. */
  #offset = 0
  /** Set by `#length`: the byte after the line. */
  #after = 0

  /**
   * Reads the next command from `bytes[start, end)`, where `start` is the `next` of the call before,
   * wherever these bytes are by now.
   */
  parse(bytes: Buffer, start: number, end: number): Progress {
    this.next = start
    this.missing = 1
    while (this.next < end) {
      if (this.#remaining === 0) {
        this.request.reset()
        this.request.bytes = bytes
        this.request.base = this.next
        const multibulk = bytes[this.next] === STAR
        const progress = multibulk ? this.#header(bytes, end) : this.#inline(bytes, end)
        if (progress !== READY) return progress
        // An empty command is skipped without a reply.
        if (multibulk && this.#remaining === 0) continue
        if (!multibulk) {
          if (this.request.count === 0) continue
          return READY
        }
      }
      return this.#arguments(bytes, end)
    }
    return INCOMPLETE
  }

  /** `*3\r\n`: how many arguments follow. */
  #header(bytes: Buffer, end: number): Progress {
    const count = this.#length(bytes, this.next + 1, end)
    if (count === UNFINISHED) {
      return end - this.next > MAX_LINE ? this.#fail('too big mbulk count string') : INCOMPLETE
    }
    if (count === INVALID || count > MAX_ARGUMENTS) return this.#fail('invalid multibulk length')
    if (count > 0) {
      this.#remaining = count
      this.#offset = this.#after - this.next
    } else {
      this.next = this.#after
    }
    return READY
  }

  /** `$3\r\nfoo\r\n` for each argument. */
  #arguments(bytes: Buffer, end: number): Progress {
    const base = this.next
    const request = this.request
    request.bytes = bytes
    request.base = base
    let at = base + this.#offset
    while (this.#remaining > 0) {
      if (this.#bulk === UNFINISHED) {
        const length = this.#length(bytes, at + 1, end)
        if (length === UNFINISHED) {
          this.#offset = at - base
          return end - at > MAX_LINE ? this.#fail('too big bulk count string') : INCOMPLETE
        }
        if (bytes[at] !== DOLLAR) {
          return this.#fail(`expected '$', got '${String.fromCharCode(bytes[at]!)}'`)
        }
        if (length < 0 || length > MAX_BULK) return this.#fail('invalid bulk length')
        this.#bulk = length
        at = this.#after
      }
      // Like Redis, trusts that the two bytes after the argument are a line's end.
      const after = at + this.#bulk + 2
      if (after > end) {
        this.#offset = at - base
        this.missing = after - end
        return INCOMPLETE
      }
      request.add(at - base, at - base + this.#bulk)
      this.#bulk = UNFINISHED
      this.#remaining--
      at = after
    }
    this.next = at
    this.#offset = 0
    return READY
  }

  /** `PING\r\n`: a line that a person typed. */
  #inline(bytes: Buffer, end: number): Progress {
    // `#offset` is how far the line has been searched already.
    const found = bytes.subarray(this.next + this.#offset, end).indexOf(NEWLINE)
    if (found < 0) {
      this.#offset = end - this.next
      return this.#offset > MAX_LINE ? this.#fail('too big inline request') : INCOMPLETE
    }
    const newline = this.next + this.#offset + found
    const lineEnd = newline > this.next && bytes[newline - 1] === RETURN ? newline - 1 : newline
    this.#offset = 0
    if (!splitInline(this.request, bytes, this.next, lineEnd)) {
      return this.#fail('unbalanced quotes in request')
    }
    this.next = newline + 1
    return READY
  }

  /** The decimal number in the line at `from`; -1 for any negative one. */
  #length(bytes: Buffer, from: number, end: number): number {
    let at = from
    let value = 0
    // Up to nine digits without a leading zero need no care; anything else is judged below.
    if (bytes[at] !== ZERO) {
      const limit = Math.min(end - 1, at + 9)
      while (at < limit && bytes[at]! >= ZERO && bytes[at]! <= NINE) {
        value = value * 10 + (bytes[at]! - ZERO)
        at++
      }
      if (at > from && at < end - 1 && bytes[at] === RETURN) {
        this.#after = at + 2
        return value
      }
    }
    // From the type byte on: it may be missing, and then the line has ended there.
    const line = bytes.subarray(from - 1, end).indexOf(RETURN)
    if (line < 0 || from + line >= end) return UNFINISHED
    this.#after = from + line + 1
    const number = parseInteger(bytes, from, from + line - 1)
    if (number === null) return INVALID
    if (number < 0) return -1
    return typeof number === 'number' ? number : INVALID
  }

  #fail(text: string): Progress {
    this.error = `ERR Protocol error: ${text}`
    return BROKEN
  }
}
