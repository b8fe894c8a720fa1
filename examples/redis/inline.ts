import type { Request } from './request.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const SINGLE_QUOTE = 0x27
const BACKSLASH = 0x5c

/** What `\n` and the like mean between double quotes; any other escaped byte means itself. */
const ESCAPES = new Map([
  [0x6e, NEWLINE],
  [0x72, RETURN],
  [0x74, TAB],
  [0x62, 0x08],
  [0x61, 0x07],
])

/**
 * Splits a line that a person typed into the request's arguments, with quotes as Redis has them.
 * False when they are unbalanced.
 *
 * Quotes are resolved in place: an argument is never longer than what was typed for it.
 */
export function splitInline(request: Request, bytes: Buffer, start: number, end: number): boolean {
  const base = request.base
  let i = start
  let out = start
  for (;;) {
    while (i < end && isSpace(bytes[i]!)) i++
    if (i >= end) return true
    const first = out
    while (i < end && !isSpace(bytes[i]!)) {
      const byte = bytes[i]!
      if (byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) {
        bytes[out++] = byte
        i++
        continue
      }
      i++
      for (;;) {
        if (i >= end) return false
        const inner = bytes[i]!
        if (inner === byte) break
        if (inner !== BACKSLASH || i + 1 >= end) {
          bytes[out++] = inner
          i++
        } else if (byte === SINGLE_QUOTE) {
          const escaped = bytes[i + 1] === SINGLE_QUOTE
          bytes[out++] = escaped ? SINGLE_QUOTE : BACKSLASH
          i += escaped ? 2 : 1
        } else {
          const hex = hexEscape(bytes, i, end)
          bytes[out++] = hex >= 0 ? hex : (ESCAPES.get(bytes[i + 1]!) ?? bytes[i + 1]!)
          i += hex >= 0 ? 4 : 2
        }
      }
      i++
      if (i < end && !isSpace(bytes[i]!)) return false
    }
    request.add(first - base, out - base)
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= RETURN)
}

/** The byte of a `\x41`, or -1 when it is none. */
function hexEscape(bytes: Buffer, at: number, end: number): number {
  if (bytes[at + 1] !== 0x78 || at + 3 >= end) return -1
  const digits = bytes.toString('latin1', at + 2, at + 4)
  return /^[0-9a-f]{2}$/i.test(digits) ? Number.parseInt(digits, 16) : -1
}
