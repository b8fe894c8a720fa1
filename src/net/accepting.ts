import { isIP } from 'node:net'
import type { Socket as Link } from '../engine/socket.ts'
import { tellServerSocket } from './channels.ts'
import { ownOptions } from './engine.ts'
import { attach, stopReading } from './link.ts'
import type { ListeningServer } from './listening.ts'
import { Socket } from './socket.ts'
import { stateOf } from './state.ts'
import type { OnReadOptions } from './onread.ts'

/** Whether a server has room for a connection and wants it; closes it otherwise. */
export function admit(server: ListeningServer, link: Link<unknown>): boolean {
  const { maxConnections } = server
  const isFull =
    maxConnections !== undefined && maxConnections !== null && server._connections >= maxConnections
  if (!isFull && !isBlocked(server, link)) return true
  // First, as a listener may throw; its handlers find no stream.
  link.destroy()
  if (isFull) drop(server, link)
  return false
}

/** A connection was accepted: the engine's `open` of a server. */
export function accept(server: ListeningServer, link: Link<unknown>): void {
  const socket = socketFor(server, link)
  if (socket === undefined) return
  server._connections += 1
  socket.server = server
  socket._server = server
  server.emit('connection', socket)
  tellServerSocket(socket)
}

/** What a program has set on its server may be of no use: then nobody would own the connection. */
function socketFor(server: ListeningServer, link: Link<unknown>): Socket | undefined {
  try {
    return admit(server, link) ? socketOf(server, link) : undefined
  } catch (error) {
    link.destroy()
    throw error
  }
}

function isBlocked({ blockList }: ListeningServer, { remoteAddress }: Link<unknown>): boolean {
  if (blockList === undefined || remoteAddress === undefined) return false
  return blockList.check(remoteAddress, `ipv${isIP(remoteAddress) as 4 | 6}`)
}

function drop(server: ListeningServer, link: Link<unknown>): void {
  const { localAddress, localPort, remoteAddress, remotePort, remoteFamily } = link
  if (remoteAddress === undefined) {
    server.emit('drop')
    return
  }
  const localFamily = `IPv${isIP(localAddress ?? '')}`
  const ends = { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily }
  server.emit('drop', Object.assign(Object.create(null), ends))
}

function socketOf(server: ListeningServer, link: Link<unknown>): Socket {
  const { allowHalfOpen, highWaterMark } = server
  const socket = new Socket({
    allowHalfOpen,
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
    ...(ownOptions(server) as { onread?: OnReadOptions }),
  })
  const state = stateOf(socket)
  const { options } = state
  // The engine has set these when it accepted.
  options.noDelay = server.noDelay
  options.keepAlive = server.keepAlive
  options.delay = server.keepAliveInitialDelay
  attach(socket, link)
  state.onread?.begin(socket)
  if (server.pauseOnConnect) {
    stopReading(state)
    ;(socket as { readableFlowing: boolean }).readableFlowing = false
  } else socket.read(0)
  return socket
}
