/**
 * A bound that core does not have, for peers that do not read: a socket that has more bytes waiting
 * when it is written to, here and in the engine, is destroyed.
 */
import { Duplex } from 'node:stream'
import { checkNumber } from './validate.ts'
import { tooMuchPending, wrongRange } from './errors.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

export function maxPendingOf(value: unknown): number {
  if (value === undefined) return Infinity
  checkNumber('options.maxPending', value)
  if (!(value >= 0)) throw wrongRange('options.maxPending', 'at least 0', value)
  return value
}

/** The `write` of a socket with a limit; others do not pay for it. */
export function limitedWrite(this: Duplex, ...args: unknown[]): boolean {
  const { link, maxPending } = stateOf(this as Socket)
  const buffered = link?.bufferedAmount ?? 0
  if (this.writableLength + buffered <= maxPending) {
    return Reflect.apply(Duplex.prototype.write, this, args) as boolean
  }
  const error = tooMuchPending()
  const callback = args.findLast((arg) => typeof arg === 'function')
  if (callback !== undefined) process.nextTick(callback, error)
  this.destroy(error)
  return false
}
