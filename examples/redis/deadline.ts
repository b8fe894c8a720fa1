import { MAX_INTEGER, MIN_INTEGER, type Integer } from './integer.ts'

export const SECOND = 1000
export const MILLISECOND = 1

/** Below this neither a product with SECOND nor a sum with a date leaves the safe range. */
const SMALL = 2 ** 42

/**
 * The moment that is `amount` units after `base`, in milliseconds since 1970, or null when Redis's
 * 64-bit arithmetic has no such moment. Beyond the safe range (the year 287396) it is rounded.
 */
export function deadlineAfter(amount: Integer, unit: number, base: number): number | null {
  if (typeof amount === 'number' && Math.abs(amount) < SMALL) return amount * unit + base
  const milliseconds = BigInt(amount) * BigInt(unit)
  if (milliseconds > MAX_INTEGER - BigInt(base) || milliseconds < MIN_INTEGER) return null
  return Number(milliseconds + BigInt(base))
}
