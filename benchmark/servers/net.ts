/** An echo server on `node:net`; also what Bun and Deno make of the same program. */
import { type AddressInfo, createServer } from 'node:net'

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    socket.write(chunk)
  })
  socket.on('error', () => {
    // The peer reset the connection.
  })
})
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening ${address}:${port}`)
})
