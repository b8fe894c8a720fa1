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
    const place = placeOf(socket)
    // Both ends have ended what is there still: nothing is left to reset.
    if (place !== undefined && place.remoteAddress === undefined) throw invalidHandle()
    socket.destroy(place === undefined ? socketIsClosed() : undefined)
  } else if (link.remoteAddress === undefined) throw invalidHandle()
  else reset(socket)
}

export function reset(socket: Socket): void {
  stateOf(socket).isReset = true
  socket.destroy()
}
