import { clearTimeout, setTimeout } from 'node:timers'
import type { Socket } from './socket.ts'
import { type State, stateOf } from './state.ts'
import { checkFunction, durationOf } from './validate.ts'
import type { Callback } from './arguments.ts'
import type { Socket as Link } from '../engine/socket.ts'

/**
 * The time after which a silent socket tells `timeout`. A connection's own is the engine's, which sees
 * all that moves; until there is one, a timer here that keeps nothing alive.
 */
export function setSocketTimeout(
  socket: Socket,
  milliseconds: number,
  callback: Callback | undefined,
): void {
  if (socket.destroyed) return
  socket.timeout = milliseconds
  const duration = durationOf('msecs', milliseconds)
  const state = stateOf(socket)
  clearTimeout(state.silence?.timer)
  state.silence = undefined
  const { link } = state
  if (link !== undefined) link.setTimeout(Math.ceil(duration))
  else if (duration > 0) {
    const timer = setTimeout(() => socket._onTimeout(), duration).unref()
    state.silence = { timer, duration }
  }
  if (callback === undefined) return
  checkFunction('callback', callback)
  if (duration === 0) socket.removeListener('timeout', callback)
  else socket.once('timeout', callback)
}

/** What has waited for a connection goes on with it. */
export function moveTimeout(state: State, link: Link<unknown>): void {
  const { silence } = state
  if (silence === undefined) return
  clearTimeout(silence.timer)
  state.silence = undefined
  link.setTimeout(Math.ceil(silence.duration))
}

/** Timers of this socket, and of those that stand on it. */
export function* timersOf(socket: Socket): IterableIterator<NodeJS.Timeout> {
  for (let each: Socket | null | undefined = socket; each; each = each._parent) {
    const { silence } = (stateOf(each) as State | undefined) ?? {}
    if (silence !== undefined) yield silence.timer
  }
}
