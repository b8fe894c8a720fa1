/** An echo server on `node:net`; also what Bun and Deno make of the same program. */
import { type AddressInfo, createServer } from 'node:net'

// As on the engine (engine.ts): only a client that does not read makes the server wait.
const highWaterMark = 256 * 1024

const server = createServer({ noDelay: true, highWaterMark }, (socket) => {
  socket.on('data', (chunk) => {
    if (socket.write(chunk)) return
    socket.pause()
    socket.once('drain', () => socket.resume())
  })
  socket.on('error', () => {
    // The peer reset the connection.
  })
})
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening ${address}:${port}`)
})
