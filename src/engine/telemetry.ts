/**
 * What operators can watch: channels of `node:diagnostics_channel`, and `NODE_DEBUG=mio-js`. Both are
 * described in docs/operations.md. As long as nobody watches, each costs a look at a flag, and for each
 * event of a socket that is one: whether slow handlers are watched.
 */
import { channel } from 'node:diagnostics_channel'
import { isTracing, trace } from '../trace.ts'
import type { Connection } from './connection.ts'
import type { Engine } from './engine.ts'
import { lowBits } from './protocol.ts'
import type { Server } from './server.ts'

const engineOpen = channel('mio-js:engine.open')
const engineClose = channel('mio-js:engine.close')
const serverListen = channel('mio-js:server.listen')
const serverClose = channel('mio-js:server.close')
const socketOpen = channel('mio-js:socket.open')
const socketClose = channel('mio-js:socket.close')
const socketError = channel('mio-js:socket.error')
const connectError = channel('mio-js:connect.error')

/** Handlers that took long: see telling.ts. */
export const slowHandler = channel('mio-js:handler.slow')

/** What is published there, in milliseconds: less than what anybody calls slow, so that all can choose. */
export const slowest = 10

export function tellEngineOpen(engine: Engine, how: string): void {
  if (isTracing) trace('engine opened: %s', how)
  if (engineOpen.hasSubscribers) engineOpen.publish({ engine })
}

export function tellEngineClose(engine: Engine): void {
  if (isTracing) trace('engine closed: %j', engine.stats())
  if (engineClose.hasSubscribers) engineClose.publish({ engine })
}

export function tellServerListen(server: Server): void {
  if (isTracing) trace('server listens on %s', placeOf(server))
  if (serverListen.hasSubscribers) serverListen.publish({ server })
}

export function tellServerClose(server: Server): void {
  if (isTracing) trace('server on %s closed: %j', placeOf(server), server.stats())
  if (serverClose.hasSubscribers) serverClose.publish({ server })
}

export function tellSocketOpen(connection: Connection): void {
  if (isTracing) {
    const { listener, socket } = connection
    const here = textOf(socket.localAddress, socket.localPort)
    const there = textOf(socket.remoteAddress, socket.remotePort)
    const how = listener === undefined ? `${here} connected to` : `${here} accepted`
    trace('socket %s: %s %s', nameOf(connection), how, there)
  }
  if (socketOpen.hasSubscribers) socketOpen.publish(messageOf(connection))
}

/** Whether the reason of a close is of use to anybody but the program. */
export function isCloseWatched(): boolean {
  return isTracing || socketClose.hasSubscribers || socketError.hasSubscribers
}

export function tellSocketClose(connection: Connection, error: Error | undefined): void {
  if (!isCloseWatched()) return
  if (isTracing) {
    const { bytesRead, bytesWritten } = connection
    const reason = error === undefined ? '' : `: ${error.message}`
    const counts = `${bytesRead} bytes read, ${bytesWritten} written`
    trace('socket %s: closed, %s%s', nameOf(connection), counts, reason)
  }
  const message = { ...messageOf(connection), error }
  if (error !== undefined && socketError.hasSubscribers) socketError.publish(message)
  if (socketClose.hasSubscribers) socketClose.publish(message)
}

/** An attempt failed; others may follow. `port` is undefined for a path. */
export function tellConnectError(address: string, port: number | undefined, error: Error): void {
  if (isTracing) trace('connect failed: %s', error.message)
  if (connectError.hasSubscribers) connectError.publish({ address, port, error })
}

function messageOf({ listener, socket }: Connection): object {
  return { socket, server: listener?.server }
}

function placeOf(server: Server): string {
  const address = server.address()
  return typeof address === 'string' ? address : textOf(address.address, address.port)
}

function textOf(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return 'a path'
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** `a0.5.1`, if it was accepted, else `c0.5.1`: lane, index and generation, by which no two are alike. */
function nameOf({ index, generation, lane }: Connection): string {
  return `${index < 0 ? 'c' : 'a'}${lane.index}.${index & lowBits}.${generation >>> 0}`
}
