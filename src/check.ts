import { invalidType, outOfRange } from './errors.ts'

/** Throws unless `value` is a whole number from `min` to `max`. */
export function checkInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer from ${min} to ${max}`, value)
  }
}

/** Throws unless `value` is true or false. */
export function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'a boolean', value)
}

/**
 * The milliseconds of a timeout: a number of at least 0, fractions allowed; `Infinity` for none.
 */
export function timeoutOf(value: unknown): number {
  if (value === undefined || value === null) return Infinity
  if (typeof value !== 'number') throw invalidType('timeout', 'a number', value)
  if (!(value >= 0)) throw outOfRange('timeout', 'a number of milliseconds of at least 0', value)
  return value
}

/**
 * The named property if the options have it themselves: what a program, or an attacker, put on
 * `Object.prototype` is no option. Reads the property once.
 */
export function own(options: object, name: string): unknown {
  return Object.hasOwn(options, name) ? (options as Record<string, unknown>)[name] : undefined
}

/** The options as an object; none for `undefined`. */
export function optionsOf(value: unknown): object {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null) {
    throw invalidType('options', 'an object', value)
  }
  return value
}

/** The `signal` of options: an AbortSignal of any realm, as Node's own functions take it. */
export function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined || isAbortSignal(value)) return value
  throw invalidType('options.signal', 'an AbortSignal', value)
}

function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null || !('aborted' in value)) return false
  return 'addEventListener' in value && typeof value.addEventListener === 'function'
}
