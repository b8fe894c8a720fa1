/**
 * A WebSocket server that sends back what it gets, by `ws` on a server of `node:http`, or of another
 * module that has its API.
 *
 * usage: ws.js node:http|mio-js/http
 */
import type * as http from 'node:http'
import { WebSocketServer } from 'ws'
import { announce } from './announce.js'

const [module = 'node:http'] = process.argv.slice(2)
const { createServer } = (await import(module)) as typeof http

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (message, binary) => socket.send(message, { binary }))
  socket.on('error', () => {
    // The peer reset the connection.
  })
})
server.listen(0, '127.0.0.1', () => announce(server))
