/** What one client says, all clients are told: on `node:net`. */
import { type AddressInfo, type Socket, createServer } from 'node:net'

const sockets = new Set<Socket>()

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('data', (message) => {
    for (const listener of sockets) listener.write(message)
  })
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => {
    // The peer reset the connection.
  })
})
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening ${address}:${port}`)
})
