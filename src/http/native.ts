/**
 * Connections that the engine accepts and core's own sockets carry: TLS and parsers of core then work
 * on the descriptor, without a stream in between.
 */
import { native } from '../binding.ts'
import { CoreSocket } from '../core-net.ts'
import { Departure, type Detached } from '../engine/departure.ts'
import { type Socket as Link, connectionOf } from '../engine/socket.ts'
import { unavailableHere } from '../errors.ts'
import { admit } from '../net/accepting.ts'
import { tellServerSocket } from '../net/channels.ts'
import type { Acceptor, ListeningServer } from '../net/listening.ts'

/** @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` where core takes no descriptors of sockets. */
export function checkNative(): void {
  if (process.platform === 'win32') throw unavailableHere('There are no native servers')
}

/** Hands each connection over before anything is read from it. */
export const natively: Acceptor = { isPaused: () => true, handlers: {}, accept }

function accept(server: ListeningServer, link: Link<unknown>): void {
  if (!admit(server, link)) return
  // Counted from now on, so that a server that closes waits for it.
  server._connections += 1
  void handOver(server, link)
}

async function handOver(server: ListeningServer, link: Link<unknown>): Promise<void> {
  let detached: Detached
  try {
    const departure = new Departure()
    connectionOf(link).detach(departure)
    detached = await departure.promise
  } catch {
    // It was reset meanwhile, and nobody knows of it.
    server._connections -= 1
    server._emitCloseIfDrained()
    return
  }
  give(server, detached)
}

/** As core gives a connection that it has accepted itself. */
function give(server: ListeningServer, { fd, leftover }: Detached): void {
  const { allowHalfOpen, highWaterMark, keepAlive, keepAliveInitialDelay, noDelay } = server
  const socket = new CoreSocket({
    fd,
    allowHalfOpen,
    pauseOnCreate: server.pauseOnConnect,
    readable: true,
    writable: true,
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
  } as object)
  native.descriptorTaken(fd)
  if (noDelay) socket.setNoDelay(true)
  if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay * 1000)
  if (leftover.length > 0) socket.unshift(leftover)
  Object.assign(socket, { server, _server: server })
  server.emit('connection', socket)
  tellServerSocket(socket)
}
