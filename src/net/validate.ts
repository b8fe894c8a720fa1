/** Checks of arguments as `node:net` makes them, with its messages. */
import { isIP } from 'node:net'
import { wrongPort, wrongRange, wrongType, wrongValue } from './errors.ts'

const maxTimeout = 2 ** 31 - 1

export function checkNumber(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value)
}

export function checkString(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value)
}

/** A host or a path; a resolver would see the name end at a null byte, and find another one. */
export function checkName(name: string, value: unknown): asserts value is string {
  checkString(name, value)
  if (value.includes('\0')) {
    throw wrongValue(name, value, 'must be a string without null bytes')
  }
}

export function checkFlag(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'of type boolean', value)
}

export function checkFunction(name: string, value: unknown): asserts value is Function {
  if (typeof value !== 'function') throw wrongType(name, 'of type function', value)
}

export function checkObject(name: string, value: unknown): asserts value is object {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrongType(name, 'of type object', value)
  }
}

export function checkInt32(
  name: string,
  value: unknown,
  min: number,
  max: number = maxTimeout,
): asserts value is number {
  checkNumber(name, value)
  if (!Number.isInteger(value)) throw wrongRange(name, 'an integer', value)
  if (value < min || value > max) throw wrongRange(name, `>= ${min} && <= ${max}`, value)
}

/** A port as a number, or as text, in hexadecimal, too. */
export function portOf(value: unknown, name = 'Port'): number {
  const isPort =
    (typeof value === 'number' || (typeof value === 'string' && value.trim().length > 0)) &&
    Number(value) === Number(value) >>> 0 &&
    Number(value) <= 0xffff
  if (!isPort) throw wrongPort(name, value)
  return Number(value)
}

/** The milliseconds of a timer. */
export function durationOf(name: string, value: unknown): number {
  checkNumber(name, value)
  if (!(value >= 0 && Number.isFinite(value))) {
    throw wrongRange(name, 'a non-negative finite number', value)
  }
  if (value <= maxTimeout) return value
  process.emitWarning(
    `${value} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${maxTimeout}.`,
    'TimeoutOverflowWarning',
  )
  return maxTimeout
}

/** Whole seconds of milliseconds, as Node has cut them from the beginning. */
export function wholeSeconds(milliseconds: unknown): number {
  return ~~((milliseconds as number) / 1000)
}

export function isFamily(value: unknown): value is 4 | 6 {
  return value === 4 || value === 6
}

export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0
}
