/**
 * A WebSocket server: `ws`, on a server of `mio-js/http`. What one client sends to a room, all others
 * there get. Clients that have gone without a word are found by pings, and those that do not read are
 * closed before what waits for them fills the memory.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:8080: `ws://127.0.0.1:8080/ROOM`.
 */
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { createServer } from 'mio-js/http'
import { type RawData, WebSocket, WebSocketServer } from 'ws'

const { HOST = '127.0.0.1', PORT = '8080', PING_MS = '30000' } = process.env
const MAX_MESSAGE = 64 * 1024
const MAX_WAITING = 2 ** 20
const MAX_ROOM = 10_000

const rooms = new Map<string, Set<WebSocket>>()
/** Those that have answered the last ping. */
const alive = new WeakSet<WebSocket>()

const server = createServer((_request, response) => {
  response.statusCode = 426
  response.setHeader('upgrade', 'websocket')
  response.end('Speak WebSocket.\n')
})
const sockets = new WebSocketServer({ server, maxPayload: MAX_MESSAGE, perMessageDeflate: false })

sockets.on('connection', (socket, request) => {
  const name = request.url ?? '/'
  const room = rooms.get(name) ?? new Set<WebSocket>()
  if (room.size >= MAX_ROOM) {
    socket.close(1013, 'the room is full')
    return
  }
  rooms.set(name, room.add(socket))
  alive.add(socket)
  socket.on('pong', () => alive.add(socket))
  socket.on('message', (data, isBinary) => tell(room, socket, data, isBinary))
  socket.on('error', (error) => console.error(error.message))
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(name)
  })
})

function tell(room: Set<WebSocket>, from: WebSocket, data: RawData, isBinary: boolean): void {
  for (const socket of room) {
    if (socket === from || socket.readyState !== WebSocket.OPEN) continue
    if (socket.bufferedAmount > MAX_WAITING) socket.terminate()
    else socket.send(data, { binary: isBinary })
  }
}

const pinging = setInterval(() => {
  for (const socket of sockets.clients) {
    if (alive.delete(socket)) socket.ping()
    else socket.terminate()
  }
}, Number(PING_MS))

server.listen(Number(PORT), HOST, () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(pinging)
    server.close(() => console.log('stopped'))
    for (const socket of sockets.clients) socket.close(1001, 'the server ends')
    // Those that do not answer.
    setTimeout(() => server.closeAllConnections(), 2000).unref()
    sockets.close()
  })
}
