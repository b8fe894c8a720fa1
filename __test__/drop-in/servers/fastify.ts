import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import fastify, { type FastifyServerOptions } from 'fastify'
import { createServer } from 'mio-js/http'
import { routes } from './routes.ts'
import type { Running } from './running.ts'

export async function listen(door: string): Promise<Running> {
  const options: FastifyServerOptions = { forceCloseConnections: 'idle' }
  if (door !== 'register') options.serverFactory = (handler) => createServer(handler)
  const app = fastify(options)
  // Bodies are streams, of which fastify shall keep no copy.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.get('/text', async () => 'hello')
  app.post('/echo', async (request, reply) => reply.send(request.body as Readable))
  for (const [url, route] of Object.entries(routes)) {
    if (url === '/text' || url === '/echo') continue
    app.all(url, (request, reply) => {
      reply.hijack()
      return route(request.raw, reply.raw)
    })
  }
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send('not found'))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { port, close: async () => app.close() }
}
