import { connect, type Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { alike, answer, event, listening, raw, withoutDate } from '../support/http.js'
import '../support/census.js'

const host = '127.0.0.1'

alike(
  'an upgraded connection is a stream for both sides, with what came along',
  ['101', 'head of the server', 'head of the client', 'echo: ping', 'end'],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options)
    const port = await listening(t, server)
    let clientHead = ''
    server.on('upgrade', (_request: IncomingMessage, socket: Socket, head: Buffer) => {
      clientHead = String(head)
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n' +
          'head of the server',
      )
      socket.on('data', (chunk: Buffer) => socket.write(`echo: ${String(chunk)}`))
      socket.on('end', () => socket.end())
    })
    const headers = { Connection: 'Upgrade', Upgrade: 'echo' }
    const request = http.request({ port, host, headers, agent: false })
    request.end()
    const [response, socket, head] = await event<[IncomingMessage, Socket, Buffer]>(
      request,
      'upgrade',
    )
    const first = head.length > 0 ? head : (await event<[Buffer]>(socket, 'data'))[0]
    socket.write('ping')
    const [echo] = await event<[Buffer]>(socket, 'data')
    const ended = event(socket, 'end')
    socket.end()
    socket.resume()
    await ended

    const other = connect(port, host)
    other.end(
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhead of the client',
    )
    await text(other)
    return [String(response.statusCode), String(first), clientHead, String(echo), 'end']
  },
)

alike(
  'CONNECT makes a tunnel',
  ['example.test:80', 200, 'through the tunnel'],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options)
    const port = await listening(t, server)
    let target: string | undefined
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      target = request.url
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      socket.pipe(socket)
    })
    const options_ = { port, host, method: 'CONNECT', path: 'example.test:80', agent: false }
    const request = http.request(options_ as object)
    request.end()
    const [response, socket] = await event<[IncomingMessage, Socket]>(request, 'connect')
    socket.end('through the tunnel')
    return [target, response.statusCode, await text(socket)]
  },
)

alike(
  'a body waits for 100 Continue, or is refused',
  [['continue', 'body'], 417],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (request, response) => {
      void text(request).then((body) => response.end(body))
    })
    const port = await listening(t, server)
    const seen: string[] = []
    server.on('checkContinue', (request, response) => {
      if (request.url === '/refused') {
        response.writeHead(417)
        response.end()
        return
      }
      response.writeContinue()
      server.emit('request', request, response)
    })
    const send = (path: string): ReturnType<typeof http.request> => {
      const headers = { Expect: '100-continue' }
      return http.request({ port, host, path, method: 'POST', headers, agent: false })
    }
    const request = send('/')
    request.flushHeaders()
    request.on('continue', () => {
      seen.push('continue')
      request.end('body')
    })
    seen.push((await answer(request)).body)
    const refused = send('/refused')
    refused.flushHeaders()
    const { response } = await answer(refused)
    refused.end()
    return [seen, response.statusCode]
  },
)

alike(
  'what is no HTTP is a clientError, that the program may answer',
  ['HPE_INVALID_METHOD', 'HTTP/1.1 400 Bad Request\r\n\r\n', true],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options)
    const port = await listening(t, server)
    const failed = event<[NodeJS.ErrnoException, Socket]>(server, 'clientError')
    const received = raw(port, 'no HTTP at all\r\n\r\n')
    const [error, socket] = await failed
    const isWritable = socket.writable
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    return [error.code, await received, isWritable]
  },
)

alike(
  'what is no HTTP gets 400 if the program does not care',
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
  async ({ http, server: options }, t) => {
    const port = await listening(t, http.createServer(options))
    return raw(port, 'no HTTP at all\r\n\r\n')
  },
)

alike(
  'informational responses, trailers and headers of any kind arrive',
  [[103], { 'x-sum': '42' }, ['a', 'b']],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
      response.setHeader('Set-Cookie', ['a', 'b'])
      response.setHeader('Trailer', 'X-Sum')
      response.write('text')
      response.addTrailers({ 'X-Sum': '42' })
      response.end()
    })
    const port = await listening(t, server)
    const request = http.get({ port, host, agent: false })
    const informed: number[] = []
    request.on('information', ({ statusCode }) => informed.push(statusCode))
    const { response } = await answer(request)
    return [informed, { ...response.trailers }, response.headers['set-cookie']]
  },
)

alike(
  'HTTP/1.0 and HEAD have no more than they ask for',
  [
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntext',
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n',
  ],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, ({ method }, response) => {
      if (method === 'HEAD') response.setHeader('Content-Length', 4)
      response.write('text')
      response.end()
    })
    const port = await listening(t, server)
    const old = await raw(port, 'GET / HTTP/1.0\r\n\r\n')
    const head = await raw(port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return [old, head].map(withoutDate)
  },
)
