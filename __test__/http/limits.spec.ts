import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { alike, answer, event, listening } from '../support/http.js'
import '../support/census.js'

const host = '127.0.0.1'
/** Times are short here and the tests hold however late they are. */
const often = { connectionsCheckingInterval: 20 }

alike(
  'a client that does not finish its headers in time gets 408',
  'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n',
  async ({ http, server: options }, t) => {
    const server = http.createServer({ ...options, ...often, headersTimeout: 60 })
    const port = await listening(t, server)
    const socket = connect(port, host)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
    return text(socket)
  },
)

alike(
  'a client that does not finish its request in time gets 408',
  ['ERR_HTTP_REQUEST_TIMEOUT', 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'],
  async ({ http, server: options }, t) => {
    const limits = { headersTimeout: 60, requestTimeout: 60 }
    const server = http.createServer({ ...options, ...often, ...limits })
    const port = await listening(t, server)
    const failed = event<[NodeJS.ErrnoException, NodeJS.WritableStream]>(server, 'clientError')
    const socket = connect(port, host)
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf')
    const [error, peer] = await failed
    peer.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    return [error.code, await text(socket)]
  },
)

alike(
  'a connection that idles longer than keepAliveTimeout is closed',
  ['HTTP/1.1 200 OK', true],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (_request, response) => response.end())
    server.keepAliveTimeout = 50
    const port = await listening(t, server)
    const socket = connect(port, host)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const all = await text(socket)
    return [all.slice(0, 15), /^Keep-Alive: timeout=/m.test(all) || /keep-alive/i.test(all)]
  },
)

alike(
  'maxRequestsPerSocket is announced, and what comes after gets 503',
  [
    ['200', 'keep-alive'],
    ['200', 'close'],
    ['503', 'close'],
  ],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (_request, response) => response.end())
    server.maxRequestsPerSocket = 2
    server.keepAliveTimeout = 50
    const port = await listening(t, server)
    const socket = connect(port, host)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3))
    const all = await text(socket)
    const answers = all.split('HTTP/1.1 ').slice(1)
    return answers.map((one) => [one.slice(0, 3), /^Connection: (.*)\r$/m.exec(one)?.[1]])
  },
)

alike(
  'a silent connection is told of by `timeout` of the server',
  'timeout of a socket',
  async ({ http, server: options }, t) => {
    const server = http.createServer(options)
    const told = new Promise((resolve) => {
      server.setTimeout(50, (socket) => {
        socket.destroy()
        resolve(`timeout of a ${'remoteAddress' in socket ? 'socket' : 'stranger'}`)
      })
    })
    const port = await listening(t, server)
    const socket = connect(port, host)
    socket.on('error', () => {})
    const isClosed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    const outcome = await told
    await isClosed
    return outcome
  },
)

alike(
  'a request and a response can have times of their own',
  ['request', 'response'],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (request, response) => {
      if (request.url !== '/response') return
      response.setTimeout(30, () => response.end('response'))
    })
    const port = await listening(t, server)
    const first = http.get({ port, host, agent: false, path: '/request' })
    const outcome = await new Promise((resolve) => {
      first.on('error', () => {})
      first.setTimeout(30, () => {
        first.destroy()
        resolve('request')
      })
    })
    const { body } = await answer(http.get({ port, host, agent: false, path: '/response' }))
    return [outcome, body]
  },
)
