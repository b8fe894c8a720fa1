/** Checks of the values of single options. */
import { types } from 'node:util'
import { checkInteger } from './check.ts'
import { invalidType, invalidValue, outOfRange } from './errors.ts'
import { maxText } from './option-store.ts'

const minInt = -(2 ** 31)
export const maxInt = 2 ** 31 - 1
export const maxUint32 = 2 ** 32 - 1

/** The bytes of the largest value. */
export const maxBytes = 65_536

/** Throws for what cannot be the numbers of an option. */
export function checkNumbers(level: unknown, name: unknown): void {
  checkInteger('level', level, minInt, maxInt)
  checkInteger('name', name, minInt, maxInt)
}

/** A name that the system would not cut. */
export function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (value === '' || value.includes('\0') || Buffer.byteLength(value) > maxText) {
    throw invalidValue(name, `a name of 1 to ${maxText} bytes without null bytes`, value)
  }
  return value
}

/** The bytes of a value. */
export function valueOf(value: unknown): Uint8Array {
  if (typeof value === 'number' || typeof value === 'boolean') {
    const number = Number(value)
    checkInteger('value', number, minInt, maxUint32)
    // The same bits, whether it has a sign or not.
    return new Uint8Array(Int32Array.of(number).buffer)
  }
  if (!types.isUint8Array(value)) {
    throw invalidType('value', 'a number, a boolean, a Buffer or a Uint8Array', value)
  }
  if (value.length > maxBytes) throw outOfRange('value', 'at most 65,536 bytes', value.length)
  return value
}

const notTold = new Set(['ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', 'ENOPROTOOPT', 'ENOTSUP'])

/** Whether there is no such option here: a Unix socket has the flag of keepalive, and nothing of TCP. */
export function isNotTold(error: unknown): boolean {
  return notTold.has((error as NodeJS.ErrnoException).code ?? '')
}
