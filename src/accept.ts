/** What the listeners share. */
import { native } from './binding.ts'
import { WOULD_BLOCK, connectionAborted, failure } from './errors.ts'

/** What accept(2) says of a connection that died in the queue, not of the listener. */
const deadInQueue = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENONET',
  'ENOPROTOOPT',
  'EOPNOTSUPP',
  'EPERM',
  'EPROTO',
  'ETIMEDOUT',
])

/** What a native accept returned, as what `accept` returns or throws. */
export function accepted<Stream, Address>(
  handle: number,
  streamOf: (handle: number) => Stream,
  addressOf: () => Address,
): [Stream, Address] | null {
  if (handle >= 0) {
    try {
      return [streamOf(handle), addressOf()]
    } catch (error) {
      // The stack is full: nobody else knows of this stream.
      native.sourceClose(handle)
      throw error
    }
  }
  if (handle === WOULD_BLOCK) return null
  const error: NodeJS.ErrnoException = failure(handle, 'accept')
  throw deadInQueue.has(error.code ?? '') ? connectionAborted(error) : error
}
