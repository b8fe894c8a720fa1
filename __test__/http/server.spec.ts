import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { alike, answer, closed, event, listening, ours, raw, withoutDate } from '../support/http.js'
import '../support/census.js'
import { served, servedNatively } from '../support/platforms.js'
import { until } from '../support/until.js'

const host = '127.0.0.1'

alike(
  'a server tells its address as soon as it listens',
  true,
  async ({ http, server: options }) => {
    const server = http.createServer(options)
    const chained = server.listen(0, host) === server
    await once(server, 'listening')
    const { address, family, port } = server.address() as AddressInfo
    const told = { address, family, isListening: server.listening, hasPort: port > 0 }
    await closed(server)
    const after = [server.listening, server.address()]
    return (
      chained &&
      JSON.stringify([told, after]) ===
        '[{"address":"127.0.0.1","family":"IPv4","isListening":true,"hasPort":true},[false,null]]'
    )
  },
)

alike(
  'without a host it has a port at once, and `listening` comes before any connection',
  ['number', ['listening', 'connection']],
  async ({ http, server: options }, t) => {
    const events: string[] = []
    const server = http.createServer(options, (_request, response) => response.end())
    t.teardown(() => closed(server))
    server.on('listening', () => events.push('listening'))
    server.on('connection', () => events.push('connection'))
    server.listen(0)
    const { port } = server.address() as AddressInfo
    await answer(http.get({ port, host, agent: false }))
    return [typeof port, events]
  },
)

alike('a port that is taken is an error', ['EADDRINUSE', 'listen'], async (world, t) => {
  const port = await listening(t, world.http.createServer(world.server))
  const second = world.http.createServer(world.server).listen(port, host)
  const [error] = await event<[NodeJS.ErrnoException]>(second, 'error')
  return [error.code, error.syscall]
})

alike('listening twice throws', 'ERR_SERVER_ALREADY_LISTEN', async (world, t) => {
  const server = world.http.createServer(world.server)
  await listening(t, server)
  return t.throws<NodeJS.ErrnoException>(() => server.listen(0)).code
})

alike(
  'closing what does not listen tells so, and asynchronous disposal never does',
  ['ERR_SERVER_NOT_RUNNING', 'disposed', false],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options)
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.close(resolve)
    })
    const disposed = http.createServer(options)
    await listening(t, disposed)
    await disposed[Symbol.asyncDispose]()
    return [error?.code, 'disposed', disposed.listening]
  },
)

alike(
  'close waits for the response in progress, and ends idle connections',
  ['answered', 0],
  async ({ http, server: options }, t) => {
    let respond: (() => void) | undefined
    const server = http.createServer(options, (_request, response) => {
      respond = () => response.end('answered')
    })
    server.keepAliveTimeout = 50
    const port = await listening(t, server)
    const agent = new http.Agent({ keepAlive: true })
    t.teardown(() => {
      agent.destroy()
    })
    const pending = answer(http.get({ port, host, agent }))
    await until('the request is there', () => respond !== undefined)
    const isClosed = new Promise((resolve) => server.close(resolve))
    respond?.()
    const { body } = await pending
    await isClosed
    return [body, await connectionsOf(server)]
  },
)

alike(
  'connections are counted, and closed at once or when they idle',
  [2, 1, 0],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (request, response) => {
      // The second one waits for ever.
      if (request.url === '/idle') response.end()
    })
    const port = await listening(t, server)
    const [idle, busy] = [connect(port, host), connect(port, host)]
    for (const socket of [idle, busy]) socket.on('error', () => {})
    const requests: string[] = []
    server.on('request', (request: { url: string }) => requests.push(request.url))
    idle.write('GET /idle HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(idle, 'data')
    busy.write('GET /busy HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('both were asked for', () => requests.length === 2)
    const counts = [await connectionsOf(server)]
    server.closeIdleConnections()
    idle.resume()
    await once(idle, 'close')
    await until('it is counted off', async () => (await connectionsOf(server)) === 1)
    counts.push(await connectionsOf(server))
    server.closeAllConnections()
    busy.resume()
    await once(busy, 'close')
    await until('it is counted off', async () => (await connectionsOf(server)) === 0)
    return [...counts, await connectionsOf(server)]
  },
)

alike(
  'more than maxConnections are dropped, and told of',
  [1, 'IPv4', true],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (_request, response) => response.end())
    server.maxConnections = 1
    const port = await listening(t, server)
    const dropped = event<[{ remotePort: number; remoteFamily: string }]>(server, 'drop')
    const first = connect(port, host)
    await event(server, 'connection')
    const second = connect(port, host)
    const isClosed = new Promise((resolve) => second.on('error', () => {}).once('close', resolve))
    second.resume()
    const [{ remoteFamily, remotePort }] = await dropped
    const told = remotePort === second.localPort || second.localPort === undefined
    await isClosed
    const count = await connectionsOf(server)
    first.destroy()
    return [count, remoteFamily, told]
  },
)

alike(
  'pipelined requests are answered in their order',
  ['/1', '/2', '/3'],
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, ({ url }, response) => {
      const respond = (): unknown => response.end(`[${url}]`)
      if (url === '/1') setImmediate(respond)
      else respond()
    })
    const port = await listening(t, server)
    const get = (url: string, more = ''): string => `GET ${url} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
    const all = await raw(port, get('/1') + get('/2') + get('/3', 'Connection: close\r\n'))
    return [...all.matchAll(/\[(.*)\]/g)].map(([, url]) => url)
  },
)

alike(
  'a response is on the wire what it is with core',
  'HTTP/1.1 200 OK\r\nX-Name: value\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n',
  async ({ http, server: options }, t) => {
    const server = http.createServer(options, (_request, response) => {
      response.setHeader('X-Name', 'value')
      response.write('first')
      setImmediate(() => response.end('second'))
    })
    const port = await listening(t, server)
    const all = await raw(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return withoutDate(all)
  },
)

alike(
  'addresses of a connection are known to the program, and after its end as well',
  true,
  async ({ http, server: options }, t) => {
    let socket: Socket | undefined
    const server = http.createServer(options, (request, response) => {
      ;({ socket } = request)
      const { remoteAddress, remoteFamily, localPort } = request.socket
      response.end(JSON.stringify([remoteAddress, remoteFamily, localPort]))
    })
    const port = await listening(t, server)
    const { body } = await answer(http.get({ port, host, agent: false }))
    await until('the connection is gone', () => socket?.destroyed === true)
    return body === JSON.stringify([host, 'IPv4', port]) && socket?.remoteAddress === host
  },
)

servedNatively('a server listens on a path and removes it', async (t) => {
  const socketPath = path.join(tmpdir(), `mio-js-http-${process.pid}.sock`)
  const server = ours.http.createServer((_request, response) => response.end('by a path'))
  server.listen(socketPath)
  await once(server, 'listening')
  t.is(server.address(), socketPath)
  const { body } = await answer(ours.http.get({ socketPath, agent: false }))
  t.is(body, 'by a path')
  await closed(server)
})

served('a signal that is aborted closes the server', async (t) => {
  const controller = new AbortController()
  const server = ours.http.createServer()
  server.listen({ port: 0, host, signal: controller.signal })
  await once(server, 'listening')
  controller.abort()
  await once(server, 'close')
  t.false(server.listening)
})

async function connectionsOf(server: {
  getConnections(callback: (error: Error | null, count: number) => void): unknown
}): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error) reject(error)
      else resolve(count)
    })
  })
}

alike(
  'a listener in the place of options may have properties of the names of options',
  ['hello', 'hello'],
  async ({ http, http2 }, t) => {
    // As the applications of express have one of this name.
    const properties = { engine: () => {}, native: 'no' }
    const answering = (): never => {
      const listener = (_: unknown, response: { end(text: string): void }): void => {
        response.end('hello')
      }
      return Object.assign(listener, properties) as never
    }
    const port = await listening(t, http.createServer(answering()))
    const [, first] = (await raw(port, 'GET / HTTP/1.0\r\n\r\n')).split('\r\n\r\n')
    const secondPort = await listening(t, http2.createServer(answering()))
    const session = http2.connect(`http://${host}:${secondPort}`)
    const [second] = (await once(session.request().setEncoding('utf8'), 'data')) as [string]
    session.close()
    return [first, second]
  },
)

served('a server cannot be moved to another thread, and stays what it is', async (t) => {
  const server = ours.http.createServer((_request, response) => response.end('still here'))
  const port = await listening(t, server)
  const { port1 } = new MessageChannel()
  t.teardown(() => {
    port1.close()
  })
  t.throws(() => {
    port1.postMessage(server, [server as never])
  })
  t.true(server.listening)
  const { body } = await answer(ours.http.get({ port, host, agent: false }))
  t.is(body, 'still here')
})
