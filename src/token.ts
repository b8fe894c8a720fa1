import { checkInteger } from './check.ts'

declare const brand: unique symbol

/**
 * A number that a program chooses for a source and gets back with each of its events: a safe
 * integer from 0 to 2^53 - 1. Two sources may share one.
 */
export type Token = number & { readonly [brand]: 'Token' }

/**
 * Makes a token.
 *
 * @throws `ERR_INVALID_ARG_TYPE` for anything but a number, `ERR_OUT_OF_RANGE` for a number that
 * is not a safe integer of at least 0.
 *
 * @example
 * ```ts
 * import { Token } from 'mio-js'
 *
 * const SERVER = Token(0)
 * const clients = new Map([[Token(1), 'a client']])
 * console.log(SERVER === 0, clients.get(Token(1))) // true a client
 * ```
 */
export function Token(value: number): Token {
  checkInteger('token', value, 0, Number.MAX_SAFE_INTEGER)
  return value as Token
}
