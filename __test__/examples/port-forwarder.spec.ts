import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { serving } from '../support/example.js'
import { noise, sameBytes } from '../support/engine-sockets.js'
import { answer } from '../support/http.js'
import { TextClient } from '../support/text-client.js'
import { until } from '../support/until.js'
import { finish, run, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

/** A server of Node's own, whose clients may close one direction alone. */
async function target(
  t: ExecutionContext,
  serve: (socket: net.Socket) => void,
): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    t.teardown(() => {
      socket.destroy()
    })
    serve(socket)
  })
  t.teardown(() => {
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as net.AddressInfo).port }
}

const to = (port: number): string => `0=127.0.0.1:${port}`

test('a web server answers through it, connection after connection', async (t) => {
  const web = http.createServer((request, response) => response.end(`you want ${request.url}`))
  t.teardown(() => {
    web.close()
    web.closeAllConnections()
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const { errors, port } = await serving('port-forwarder', [
    to((web.address() as net.AddressInfo).port),
  ])
  for (let n = 0; n < 3; n += 1) {
    const { body } = await answer(http.get({ port, path: `/${n}`, agent: false }))
    t.is(body, `you want /${n}`)
  }
  t.deepEqual(errors, [])
})

test('each half ends when its sender ends it, and not before', async (t) => {
  const sent = noise(5_000_000)
  const { port: there } = await target(t, (socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    // It speaks only when it has heard all.
    socket.on('end', () => socket.end(Buffer.concat(chunks)))
  })
  const { port } = await serving('port-forwarder', [to(there)])
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(sent)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  sameBytes(t, Buffer.concat(chunks), sent)
})

test('a reader that does not read stops the sender at the other end', async (t) => {
  let written = 0
  const { port: there } = await target(t, (socket) => {
    const chunk = Buffer.alloc(256 * 1024)
    const write = (): void => {
      while (!socket.destroyed) {
        written += chunk.length
        if (!socket.write(chunk)) return
      }
    }
    socket.on('drain', write)
    write()
  })
  const { port } = await serving('port-forwarder', [to(there)])
  const socket = net.connect({ port, host: '127.0.0.1' })
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  socket.pause()
  // What the systems between take is some megabytes; that it stops is seen by its standing still.
  let before = -1
  await until('the sender is stopped', async () => {
    const isStill = written === before && written > 0
    before = written
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    return isStill
  })
  t.true(written < 64 * 2 ** 20, `${written} bytes left`)
  const stopped = written
  let received = 0
  socket.on('data', (chunk) => (received += chunk.length)).resume()
  await until('it goes on', () => received > stopped)
  t.true(written > stopped)
})

test('a reset goes on as a reset, in either direction', async (t) => {
  const sockets: net.Socket[] = []
  const { port: there } = await target(t, (socket) => sockets.push(socket.resume()))
  const { port } = await serving('port-forwarder', [to(there)])
  const first = await TextClient.connect(t, port)
  await until('it came through', () => sockets.length === 1)
  sockets[0]!.resetAndDestroy()
  t.is(await first.ends(), 'ECONNRESET')
  const second = await TextClient.connect(t, port)
  await until('it came through', () => sockets.length === 2)
  let code: string | undefined
  sockets[1]!.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
  second.socket.resetAndDestroy()
  await until('it is told', () => code !== undefined)
  t.is(code, 'ECONNRESET')
})

test('where nobody listens the client is turned away, and the next one may find somebody', async (t) => {
  const { server, port: there } = await target(t, (socket) => socket.end('hello'))
  server.close()
  await once(server, 'close')
  const { errors, port } = await serving('port-forwarder', [to(there)])
  // It may be reset before the client knows that it is connected.
  const early = TextClient.connect(t, port).then(async (client) => client.ends())
  t.is(await early.catch(({ code }: NodeJS.ErrnoException) => code), 'ECONNRESET')
  await until('it is said', () => errors.some((line) => line.includes('ECONNREFUSED')))
  server.listen(there, '127.0.0.1')
  await once(server, 'listening')
  const late = await TextClient.connect(t, port)
  t.is(await late.ends(), 'end')
  t.is(late.text, 'hello')
})

test('what is no way to forward is said, with the usage', async (t) => {
  const program = path.resolve('build/examples/port-forwarder.js')
  for (const [args, expected] of [
    [[], /^usage: /],
    [['80'], /80 is not \[HOST:\]PORT=HOST:PORT/],
  ] as const) {
    const { code, stderr } = await finish(run(process.execPath, [program, ...args]))
    t.not(code, 0)
    t.regex(stderr, expected)
  }
})
