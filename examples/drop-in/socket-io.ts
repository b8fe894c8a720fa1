/** `socket.io`: it is attached to a server of `mio-js/http`, and tells everybody what anybody says. */
import type { AddressInfo } from 'node:net'
import { createServer } from 'mio-js/http'
import { Server } from 'socket.io'

const server = createServer()
const io = new Server()
io.attach(server)
io.on('connection', (socket) => {
  socket.on('say', (text: string) => io.emit('said', text))
})
server.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void io.close())
