/** `fastify`: `serverFactory` makes the server. */
import fastify from 'fastify'
import { createServer } from 'mio-js/http'

const app = fastify({ serverFactory: (handler) => createServer(handler) })

app.get('/', async () => ({ hello: 'world' }))
app.post('/', async ({ body }) => body)

const address = await app.listen({ port: Number(process.env['PORT'] ?? 8000), host: '127.0.0.1' })
console.log(`listening on ${new URL(address).host}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
