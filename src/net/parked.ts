/** What is written, and ended, before there is a connection. */
import { closedBeforeConnection, socketIsClosed } from './errors.ts'
import type { Socket } from './socket.ts'
import { type Chunks, type Done, type Parked, stateOf } from './state.ts'

/** Keeps a write until there is a connection. The stream keeps all further ones. */
export function park(
  socket: Socket,
  data: Buffer | string | Chunks,
  encoding: BufferEncoding,
  done: Done,
): void {
  stateOf(socket).parked = { data, encoding, done }
}

/** Goes on with what has waited for the connection. */
export function proceed(socket: Socket): void {
  const state = stateOf(socket)
  const { parked, ending } = state
  state.parked = undefined
  state.ending = undefined
  if (parked !== undefined) {
    const { data, encoding, done } = parked
    if (typeof data === 'string' || data instanceof Uint8Array) socket._write(data, encoding, done)
    else socket._writev(data, done)
  }
  if (ending !== undefined) socket._final(ending)
}

/** What no connection will come for, as the socket is destroyed. */
export function giveUp(socket: Socket): Parked | undefined {
  const state = stateOf(socket)
  const { link, parked } = state
  state.ending = undefined
  // In a listener of `connect` it is about to be written.
  if (link !== undefined && !socket.connecting) return undefined
  state.parked = undefined
  return parked
}

/** Refuses what was given up. Whoever has a connection tells its `close` when that is closed. */
export function refuse(parked: Parked): void {
  process.nextTick(() => parked.done(socketIsClosed()))
}

/** Tells the `close` of a socket without a connection, and refuses what was given up. */
export function closeUnconnected(
  socket: Socket,
  parked: Parked | undefined,
  wasUsed: boolean,
  hadError: boolean,
): void {
  const close = (...args: readonly boolean[]): void => {
    socket.emit('close', ...args)
    parked?.done(closedBeforeConnection())
  }
  // Later than the error, so that who awaits that can still await this.
  if (wasUsed) setImmediate(close, hadError)
  else process.nextTick(close)
}
