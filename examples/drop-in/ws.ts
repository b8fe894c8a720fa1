/** `ws`: the server stands on a server of `mio-js/http`, the client opens its socket by a function. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'mio-js/http'
import { connect } from 'mio-js/net'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'

const server = createServer()
const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

const createConnection = ({ host, port: to }: { host: string; port: number }) => connect(to, host)
const client = new WebSocket(`ws://127.0.0.1:${port}`, {
  createConnection: createConnection as unknown as NonNullable<ClientOptions['createConnection']>,
})
await once(client, 'open')
client.send('hello')
const [message] = (await once(client, 'message')) as [Buffer]
console.log(`${message}`)
client.close()
await once(client, 'close')
server.close()
