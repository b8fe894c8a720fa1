import { native } from './binding.ts'
import { check, failure } from './errors.ts'
import { type IoSource, handleOf } from './source.ts'

/** Reads and clears `SO_ERROR`: the pending error of a socket, or `null`. */
export function takeError(socket: IoSource): Error | null {
  const code = check(native.takeError(handleOf(socket)), 'getsockopt')
  return code === 0 ? null : failure(-code, 'getsockopt')
}
