/** TLS by itself, and on top of a connection that was there before. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import net, { type AddressInfo, type LookupFunction } from 'node:net'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'

const [, , file] = process.argv
const { cert, key } = JSON.parse(readFileSync(file!, 'utf8')) as { cert: string; key: string }

const server = https.createServer({ cert, key }, (request, response) => {
  response.end(`${request.url} ${request.socket.remoteAddress}`)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const agent = new https.Agent({ keepAlive: true, ca: cert })
// A name with two addresses, of which the first one does not answer.
const addresses = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]
const lookup: LookupFunction = (_name, _options, done) => {
  done(null, addresses)
}
for (const host of ['127.0.0.1', 'localhost']) {
  const request = https.get({ port, host, lookup, agent, path: `/${host}` })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  console.log(await text(response), request.reusedSocket)
}
agent.destroy()
server.closeAllConnections()
server.close()

/** As databases and mail do it: a word in the clear, then TLS. */
const upgrading = net.createServer((socket) => {
  socket.once('data', () => {
    socket.write('S')
    const secure = new tls.TLSSocket(socket, { isServer: true, cert, key })
    secure.on('error', () => {})
    secure.on('data', (chunk: Buffer) => {
      secure.end(`secure ${String(chunk)} ${secure.remoteAddress}`)
    })
  })
})
upgrading.listen(0, '127.0.0.1')
await once(upgrading, 'listening')
const clear = net.connect((upgrading.address() as AddressInfo).port, '127.0.0.1')
clear.write('upgrade?')
console.log(String(((await once(clear, 'data')) as [Buffer])[0]))
const secure = tls.connect({ socket: clear, ca: cert, servername: 'localhost' })
await once(secure, 'secureConnect')
console.log(secure.authorized, secure.remoteAddress, secure instanceof net.Socket)
secure.write('words')
console.log(await text(secure))
upgrading.close(() => {
  console.log('closed')
})
