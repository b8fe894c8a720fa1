/**
 * `https`: a server whose connections are accepted by the engine and carried by core (`native`), which
 * is the faster way for TLS. `TLS_CERT` and `TLS_KEY` are files.
 */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { https } from 'mio-js/http'

const { TLS_CERT = 'cert.pem', TLS_KEY = 'key.pem', PORT = '8443' } = process.env
const native = process.platform !== 'win32' // which has no descriptors to hand over
const options = { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY), native }
const server = https.createServer(options, (request, response) => {
  response.end(`hello from ${request.url}\n`)
})
server.listen(Number(PORT), '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
