/** A server, requests on a connection that is kept, an upgrade, and `fetch`. */
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'

const connections = new Set<Socket>()
const server = http.createServer((request, response) => {
  connections.add(request.socket)
  response.end(`${request.url} ${request.socket.remoteAddress} ${connections.size}`)
})
server.on('upgrade', (_request, socket: Socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
  socket.pipe(socket)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const host = '127.0.0.1'
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

async function get(path: string): Promise<string> {
  const request = http.get({ port, host, path, agent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return `${await text(response)} ${request.reusedSocket}`
}
console.log(await get('/1'))
console.log(await get('/2'))
agent.destroy()

const upgrade = http.get({ port, host, headers: { Connection: 'Upgrade', Upgrade: 'x' } })
const [, socket] = (await once(upgrade, 'upgrade')) as [IncomingMessage, Socket]
socket.end('upgraded')
console.log(await text(socket))

const fetched = await fetch(`http://${host}:${port}/fetch`)
console.log(await fetched.text())
server.closeAllConnections()
server.close(() => {
  console.log('closed')
})
