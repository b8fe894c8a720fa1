/**
 * An echo server on `node:net`, or on another module that has its API.
 *
 * usage: echo.js node:net|mio-js/net
 */
import type * as net from 'node:net'

const [module = 'node:net'] = process.argv.slice(2)
const { createServer } = (await import(module)) as typeof net

// Only a client that does not read makes the server wait: as in `servers/net.ts`.
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
  const { address, port } = server.address() as net.AddressInfo
  console.log(`listening ${address}:${port}`)
})
