/**
 * The server of hello.ts, by fastify.
 *
 * usage: fastify.js node:http|mio-js/http
 */
import type * as http from 'node:http'
import { fastify } from 'fastify'
import { announce } from './announce.js'

const [module = 'node:http'] = process.argv.slice(2)
const { createServer } = (await import(module)) as typeof http

const app = fastify({ serverFactory: (handler) => createServer(handler) })
app.get('/', (_request, reply) => {
  reply.type('text/plain').send('hello')
})
await app.listen({ host: '127.0.0.1', port: 0 })
announce(app.server)
