/**
 * A server that says hello, on `node:http`, or on another module that has its API.
 *
 * usage: hello.js node:http|mio-js/http [native]
 */
import type * as http from 'node:http'
import { announce } from './announce.js'

const [module = 'node:http', native] = process.argv.slice(2)
const { createServer } = (await import(module)) as typeof http
// Only the drop-in knows it.
const options: http.ServerOptions & { native?: boolean } =
  native === undefined ? {} : { native: true }

const server = createServer(options, (_request, response) => {
  response.setHeader('Content-Type', 'text/plain')
  response.end('hello')
})
server.listen(0, '127.0.0.1', () => announce(server))
