/**
 * An echo server on the engine, with all that one needs which strangers talk to: clients that do not
 * read, or send one half and wait, or say nothing; and an end that loses no bytes.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:7000. SIGINT and SIGTERM end it.
 */
import process from 'node:process'
import { type Socket, listen } from 'mio-js/engine'

const { HOST = '127.0.0.1', PORT = '7000' } = process.env
/** Milliseconds that clients have to read the rest when the server ends. */
const PATIENCE = 5000

const sockets = new Set<Socket>()

const server = listen({
  hostname: HOST,
  port: Number(PORT),
  maxConnections: 10_000,
  idleTimeout: 60_000,
  socket: {
    open(socket) {
      sockets.add(socket)
    },
    data(socket, chunk) {
      // It takes all; false says that this client had better read before it sends more.
      if (!socket.write(chunk)) socket.pause()
    },
    drain(socket) {
      socket.resume()
    },
    // Without an `end`, who half-closes gets the rest, then a FIN.
    close(socket, error) {
      sockets.delete(socket)
      if (error !== undefined) console.error(`${socket.remoteAddress}: ${error.message}`)
    },
  },
})
console.log(`listening on ${server.hostname}:${server.port}`)

async function stop(): Promise<void> {
  const late = setTimeout(() => server.closeNow(), PATIENCE)
  // Accepts nothing more, and resolves when the last socket is closed.
  const closed = server.close()
  for (const socket of sockets) socket.close()
  await closed
  clearTimeout(late)
  console.log('stopped')
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())
