/** Every form of listen but those of paths, and how it fails. */
import { once } from 'node:events'
import type { Server } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { about, attempt } from '../support/net-listen.js'
import type { World } from '../support/net-world.js'
import { unix } from '../support/platforms.js'

const forms: Record<string, (world: World) => unknown[]> = {
  'listen()': () => [],
  'listen(listener)': ({ log }) => [log.called('server', 'listener')],
  'listen(0)': () => [0],
  'listen(null)': () => [null],
  'listen(undefined)': () => [undefined],
  'listen(null, listener)': ({ log }) => [null, log.called('server', 'listener')],
  'listen(0, listener)': ({ log }) => [0, log.called('server', 'listener')],
  'listen(0, host)': () => [0, '127.0.0.1'],
  'listen(0, host, backlog)': () => [0, '127.0.0.1', 5],
  'listen(0, host, backlog, listener)': ({ log }) => [
    0,
    '127.0.0.1',
    5,
    log.called('server', 'listener'),
  ],
  'listen(0, backlog)': () => [0, 5],
  'listen(0, undefined, listener)': ({ log }) => [0, undefined, log.called('server', 'listener')],
  'listen("0")': () => ['0'],
  'listen({ port })': () => [{ port: 0 }],
  'listen({ port: undefined })': () => [{ port: undefined }],
  'listen({ port: null })': () => [{ port: null }],
  'listen({ port: "0x0" })': () => [{ port: '0x0' }],
  'listen({ port, host })': () => [{ port: 0, host: '127.0.0.1' }],
  'listen({ port, host: localhost })': () => [{ port: 0, host: 'localhost' }],
  'listen({ port, host: empty })': () => [{ port: 0, host: '' }],
  'listen({ port, host: "0.0.0.0" })': () => [{ port: 0, host: '0.0.0.0' }],
  'listen({ port, host: "::" })': () => [{ port: 0, host: '::' }],
  'listen({ port, host: "::1" })': () => [{ port: 0, host: '::1' }],
  'listen({ port, host: mapped })': () => [{ port: 0, host: '::ffff:127.0.0.1' }],
  'listen({ ipv6Only })': () => [{ port: 0, host: '::', ipv6Only: true }],
  'listen({ backlog: 0 })': () => [{ port: 0, backlog: 0 }],
  // Node itself aborts there.
  ...(process.platform === 'win32'
    ? {}
    : { 'listen({ backlog: -1 })': () => [{ port: 0, backlog: -1 }] }),
  'listen({ backlog: "5" })': () => [{ port: 0, backlog: '5' }],
  'listen({ backlog: 1e9 })': () => [{ port: 0, backlog: 1e9 }],
  'listen({ exclusive })': () => [{ port: 0, exclusive: true }],
  'listen({ reusePort })': () => [{ port: 0, reusePort: true }],
  'listen({ port, path })': (world) => [{ port: 0, path: world.path() }],
  'a host that does not exist': () => [{ port: 0, host: 'no-such-host.invalid' }],
  'a host that is not of here': () => [{ port: 0, host: '192.0.2.1' }],
  'listen({})': () => [{}],
  'listen({ path: undefined })': () => [{ path: undefined }],
  'listen({ path: 5 })': () => [{ path: 5 }],
  'listen({ path: empty })': () => [{ path: '' }],
  'listen({ fd: -1 })': () => [{ fd: -1 }],
  'listen({ fd: text })': () => [{ fd: '5' }],
  'listen(true)': () => [true],
  'listen(a date)': () => [new Date(0)],
  'listen(symbol)': () => [Symbol('port')],
  'listen({ port: true })': () => [{ port: true }],
  'listen({ port: NaN })': () => [{ port: Number.NaN }],
  'listen({ port: -1 })': () => [{ port: -1 }],
  'listen({ port: 65536 })': () => [{ port: 65_536 }],
  'listen({ port: 1.5 })': () => [{ port: 1.5 }],
  'listen({ port: " " })': () => [{ port: ' ' }],
  'listen({ port: 80n })': () => [{ port: 80n }],
  'listen(-1)': () => [-1],
  'listen(65536)': () => [65_536],
  'listen("80x")': (world) => [world.path('80x')],
}

for (const [title, form] of Object.entries(forms)) {
  same(title, async (world) => attempt(world, ...form(world)), { side: 'server' })
}

same(
  'a server is called with a listener, options, both or none',
  async (world) => {
    const listener = (): void => {}
    const { createServer, Server: Class } = world.server
    const make = [
      createServer(),
      createServer(listener),
      createServer({}),
      createServer({}, listener),
      createServer(undefined, listener),
      createServer(null as never, listener),
      new Class(listener),
      (Class as unknown as (listener: () => void) => Server)(listener),
      createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true }),
      createServer({ keepAliveInitialDelay: 1999 }),
      createServer({ keepAliveInitialDelay: -5 }),
      createServer({ highWaterMark: 5 } as object),
      createServer({ highWaterMark: -5 } as object),
    ]
    const names = [
      'allowHalfOpen',
      'pauseOnConnect',
      'noDelay',
      'keepAlive',
      'keepAliveInitialDelay',
      'highWaterMark',
      'blockList',
      'maxConnections',
      'listening',
      '_connections',
    ]
    return make.map((server) => [
      server.listenerCount('connection'),
      server instanceof Class,
      names.map((name) => (server as unknown as Record<string, unknown>)[name]),
      server.address(),
    ])
  },
  { side: 'server' },
)

same(
  'an address is there at once when no host is given',
  async (world) => {
    const server = world.createServer()
    server.listen(0)
    const address = about(world, server)
    await once(server, 'listening')
    return [address, about(world, server)]
  },
  { side: 'server' },
)

same(
  'an address is there later when a host is given',
  async (world) => {
    const server = world.createServer()
    server.listen(0, '127.0.0.1')
    const before = [server.address(), server.listening]
    await once(server, 'listening')
    return [before, about(world, server)]
  },
  { side: 'server' },
)

same(
  'a port that somebody has',
  async (world) => {
    const port = world.port(await world.listen())
    await attempt(world, port, '127.0.0.1')
    await attempt(world, { port, host: '127.0.0.1' }, world.log.called('server', 'listener'))
  },
  { side: 'server' },
)

same(
  'a port that somebody has on every address',
  async (world) => {
    const port = world.port(await world.listen({}, { port: 0 }))
    await attempt(world, port)
  },
  { side: 'server' },
)

same(
  'a port whose server has closed can be had again at once',
  async (world) => {
    const { server, accepted, client } = await world.pair({ watch: 'none' })
    const port = world.port(server)
    // Who closes first keeps the connection in TIME_WAIT.
    accepted.end()
    client.resume()
    accepted.resume()
    await world.closed(accepted, client)
    server.close()
    await once(server, 'close')
    await attempt(world, port, '127.0.0.1')
  },
  { side: 'server' },
)

same(
  'a server that listens cannot listen again, until it is closed',
  async (world) => {
    const server = await world.listen()
    try {
      server.listen(0)
    } catch (error) {
      world.log.add('server', 'throws', error)
    }
    server.close()
    await once(server, 'close')
    const closed = about(world, server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return [closed, about(world, server)]
  },
  { side: 'server' },
)

same(
  'a server that could not listen can try again in its error listener',
  async (world) => {
    const port = world.port(await world.listen())
    const server = world.createServer()
    server.once('error', (error) => {
      world.log.add('server', error)
      server.listen(0, '127.0.0.1')
    })
    server.listen(port, '127.0.0.1')
    await world.next(server, 'listening')
    return about(world, server)
  },
  { side: 'server' },
)

same(
  'a server that is closed before it listens does not',
  async (world) => {
    const server = world.createServer()
    for (const name of ['listening', 'error', 'close']) {
      server.on(name, (...given) => world.log.add('server', name, given))
    }
    server.listen(0, '127.0.0.1')
    server.close(world.log.called('server', 'close'))
    await once(server, 'close')
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  },
  { side: 'server' },
)

same(
  'a server without a host that is closed at once',
  async (world) => {
    const server = world.createServer()
    for (const name of ['listening', 'error', 'close']) {
      server.on(name, (...given) => world.log.add('server', name, given))
    }
    server.listen(0)
    server.close(world.log.called('server', 'close'))
    await once(server, 'close')
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  },
  { side: 'server' },
)

same(
  'descriptors that are no sockets are refused',
  async (world) => {
    for (const fd of [0, 2 ** 20, 2 ** 31, 1.5]) await attempt(world, { fd })
  },
  { run: unix, side: 'server' },
)

same(
  'a signal that is aborted closes a server',
  async (world) => {
    const aborting = new AbortController()
    const server = await world.listen({}, { port: 0, host: '127.0.0.1', signal: aborting.signal })
    const closed = once(server, 'close')
    aborting.abort()
    await closed
    return about(world, server)
  },
  { side: 'server' },
)

same(
  'a signal that was aborted before',
  async (world) => {
    const server = world.createServer()
    for (const name of ['listening', 'error', 'close']) {
      server.on(name, (...given) => world.log.add('server', name, given))
    }
    server.listen({ port: 0, signal: AbortSignal.abort() })
    await once(server, 'close')
    await setImmediate()
  },
  { side: 'server' },
)

same(
  'a signal that is none is refused',
  async (world) => {
    for (const signal of [null, 5, {}, 'signal']) await attempt(world, { port: 0, signal })
  },
  { side: 'server' },
)
