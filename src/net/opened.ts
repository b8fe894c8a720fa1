import type { Socket as Link } from '../engine/socket.ts'
import { attach, stopReading } from './link.ts'
import { proceed } from './parked.ts'
import { reset } from './resetting.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

/** A connection was made: the engine's `open` of a client. */
export function opened(link: Link<unknown>): void {
  const socket = link.data as Socket
  const state = stateOf(socket)
  // One that was adopted has been attached from the beginning.
  if (state.opening === undefined) return
  state.opening = undefined
  socket.connecting = false
  attach(socket, link)
  state.options.apply(link)
  state.onread?.begin(socket)
  try {
    socket.emit('connect')
  } finally {
    // Whatever a listener throws, what was written is on its way.
    proceed(socket)
  }
  if (state.isToReset) reset(socket)
  socket.emit('ready')
  // A stream that has asked does not ask again before it gets something.
  if (socket.isPaused() && !state.isAsked) stopReading(state)
  else socket.read(0)
}
