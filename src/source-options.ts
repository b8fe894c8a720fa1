import { liveStore } from './option-store.ts'
import type { OptionTarget } from './option-target.ts'
import { type SocketOptions, socketOptionsOf } from './socket-options.ts'
import { type IoSource, handleOf } from './source.ts'

/** Few sockets are asked for their options, so that a field of all would cost more. */
const known = new WeakMap<object, SocketOptions>()

/** The options of a source that is a socket: the same object each time. */
export function optionsOf(source: IoSource): SocketOptions {
  return optionsFor(source, () => handleOf(source))
}

/** The options of whoever has some: the same object each time. */
export function optionsFor(owner: object, target: () => OptionTarget): SocketOptions {
  const found = known.get(owner)
  if (found !== undefined) return found
  const options = socketOptionsOf(liveStore(target))
  known.set(owner, options)
  return options
}
