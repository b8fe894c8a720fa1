/** `express`: an application is a listener, for whatever server. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createServer } from 'mio-js/http'

const app = express()
app.get('/', (_request, response) => {
  response.json({ hello: 'world' })
})
app.post('/', express.json(), (request, response) => {
  response.json(request.body)
})

const server = createServer(app) // was: app.listen
server.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
