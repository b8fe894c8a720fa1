/**
 * A web server that tells Prometheus how it is: GET /metrics. Listens on HOST:PORT, by default
 * 127.0.0.1:9464.
 */
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { exposition } from './metrics/exposition.ts'
import { createServer } from 'mio-js/http'

const { HOST = '127.0.0.1', PORT = '9464' } = process.env

const server = createServer((request, response) => {
  if (request.url === '/metrics') {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    response.end(exposition())
  } else response.end('hello\n')
})

server.listen(Number(PORT), HOST, () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})

// Answers what was asked, and then ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    server.closeIdleConnections()
  })
}
