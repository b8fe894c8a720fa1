import { invalidHandle, socketIsClosed } from './errors.ts'
import { placeOf } from './link.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

/** Resets what is connected, at once, or what is about to be, later. */
export function resetAndDestroy(socket: Socket): void {
  const state = stateOf(socket)
  const { link, opening } = state
  if (opening !== undefined) {
    if (opening.isPath) throw invalidHandle()
    state.isToReset = true
  } else if (link === undefined) {
    socket.destroy(placeOf(socket) === undefined ? socketIsClosed() : undefined)
  } else if (link.remoteAddress === undefined) throw invalidHandle()
  else reset(socket)
}

export function reset(socket: Socket): void {
  stateOf(socket).isReset = true
  socket.destroy()
}
