/**
 * Signed 64-bit integers as Redis has them. A `bigint` appears only outside the range that a
 * `number` holds exactly, so that a counter costs no allocation.
 */
export type Integer = number | bigint

export const MAX_INTEGER = 2n ** 63n - 1n
export const MIN_INTEGER = -(2n ** 63n)

const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** Every number of 15 digits is a safe integer. */
const SAFE_DIGITS = 15

/** The integer written in `bytes`, or null: Redis takes no sign `+`, no leading zero, no space. */
export function parseInteger(bytes: Uint8Array, start: number, end: number): Integer | null {
  const negative = bytes[start] === MINUS
  const first = negative ? start + 1 : start
  const digits = end - first
  if (digits < 1 || digits > 19) return null
  if (bytes[first] === ZERO) return digits === 1 && !negative ? 0 : null

  let value = 0
  for (let i = first; i < end; i++) {
    const byte = bytes[i]!
    if (byte < ZERO || byte > NINE) return null
    if (i - first < SAFE_DIGITS) value = value * 10 + (byte - ZERO)
  }
  if (digits <= SAFE_DIGITS) return negative ? -value : value

  let wide = BigInt(value)
  for (let i = first + SAFE_DIGITS; i < end; i++) wide = wide * 10n + BigInt(bytes[i]! - ZERO)
  return narrow(negative ? -wide : wide)
}

/** The sum, or null where it leaves the 64-bit range. */
export function addIntegers(a: Integer, b: Integer): Integer | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return narrow(BigInt(a) + BigInt(b))
}

/** The same integer with the other sign; null for the one that has none. */
export function negateInteger(value: Integer): Integer | null {
  // Written as a difference because `-0` would be printed with its sign.
  return typeof value === 'number' ? 0 - value : narrow(-value)
}

/** The integer in its cheapest form, or null when it does not fit in 64 bits. */
export function narrow(value: bigint): Integer | null {
  if (value > MAX_INTEGER || value < MIN_INTEGER) return null
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
