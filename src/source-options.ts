import { liveStore } from './option-store.ts'
import { type SocketOptions, socketOptionsOf } from './socket-options.ts'
import { type IoSource, handleOf } from './source.ts'

/** Few sockets are asked for their options, so that a field of all would cost more. */
const known = new WeakMap<IoSource, SocketOptions>()

/** The options of a source that is a socket: the same object each time. */
export function optionsOf(source: IoSource): SocketOptions {
  const found = known.get(source)
  if (found !== undefined) return found
  const options = socketOptionsOf(liveStore(() => handleOf(source)))
  known.set(source, options)
  return options
}
