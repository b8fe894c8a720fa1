/** `http2` without TLS, as between a proxy and a service: both ends are on sockets of `mio-js/net`. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { http2 } from 'mio-js/http'

const server = http2.createServer((request, response) => {
  response.end(`hello from ${request.url}`)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

const session = http2.connect(`http://127.0.0.1:${port}`)
const pages = Array.from({ length: 3 }, async (_, i) => text(session.request({ ':path': `/${i}` })))
console.log((await Promise.all(pages)).join(', '))
session.close()
server.close()
