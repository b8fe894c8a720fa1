import { invalidType, outOfRange } from './errors.ts'

/** Whole seconds of milliseconds, rounded up, for options that the system has in seconds. */
export function secondsOf(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  const rounded = Math.ceil(value / 1000)
  if (!(value >= 0 && rounded >= min && rounded <= max)) {
    const least = min === 0 ? 'at least 0' : 'more than 0'
    throw outOfRange(name, `${least} and at most ${max * 1000} milliseconds`, value)
  }
  return rounded
}
