import test from 'ava'
import net from 'node:net'
import { Engine, type Server } from 'mio-js/engine'
import '../support/census.js'
import { Peer, echo, nodeListenError, shapeOf, watched } from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { hasIPv6 } from '../support/families.js'

/** Says why it does nothing where there is no IPv6. */
function underIPv6(...[title, body]: Parameters<typeof underEachDriver>): void {
  if (hasIPv6) underEachDriver(title, body)
  else test.skip(`${title} (there is no IPv6 here)`, () => {})
}

underEachDriver('localhost is 127.0.0.1', async (t, make) => {
  const server = make().listen({ hostname: 'localhost', socket: echo })
  t.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port: server.port! })
  t.is(await (await Peer.connect(t, server.port!)).echoes(), 'ping')
})

underIPv6('an IPv6 address', async (t, make) => {
  const { opened, handlers } = watched(echo)
  const server = make({ threads: 2 }).listen({ hostname: '::1', socket: handlers })
  t.deepEqual(server.address(), { address: '::1', family: 'IPv6', port: server.port! })
  t.is(server.hostname, '::1')
  const peer = await Peer.connect(t, { host: '::1', port: server.port! })
  const socket = await soon(opened)
  t.is(socket.remoteAddress, '::1')
  t.is(socket.remotePort, peer.socket.localPort)
  t.is(socket.remoteFamily, 'IPv6')
  t.is(socket.localAddress, '::1')
  t.is(socket.localPort, server.port)
  t.is(await peer.echoes(), 'ping')
})

underIPv6('an address keeps its meaning, however it is written', async (t, make) => {
  const engine = make()
  for (const [hostname, address] of [
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0000::0001', '::1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['::FFFF:7F00:1', '::ffff:127.0.0.1'],
  ] as const) {
    const server = engine.listen({ hostname, socket: echo })
    t.is(server.hostname, address)
    const peer = await Peer.connect(t, { host: address, port: server.port! })
    t.is(await peer.echoes(), 'ping', hostname)
  }
})

underIPv6('a taken IPv6 port is EADDRINUSE, as Node has it', async (t, make) => {
  const engine = make({ threads: 2 })
  const port = engine.listen({ hostname: '::1' }).port!
  const error = throwsCode(t, 'EADDRINUSE', () => engine.listen({ hostname: '::1', port }))
  t.deepEqual(shapeOf(error), await nodeListenError(t, { host: '::1', port }))
  t.is(error.message, `listen EADDRINUSE: address already in use ::1:${port}`)
})

underIPv6('the families have ports of their own', (t, make) => {
  const engine = make()
  // Some other process may have just that port of the other family.
  for (let turn = 0; turn < 10; turn += 1) {
    const port = engine.listen({ hostname: '::1' }).port!
    try {
      t.is(engine.listen({ hostname: '127.0.0.1', port }).port, port)
      return
    } catch (error) {
      t.like(error, { code: 'EADDRINUSE' })
    }
  }
  t.fail('no port was free in both')
})

underIPv6('without a hostname it is every address of both families', async (t, make) => {
  for (const options of [{}, { hostname: '::' }]) {
    const { opened, handlers } = watched(echo)
    const server = make({ threads: 2 }).listen({ ...options, socket: handlers })
    t.deepEqual(server.address(), { address: '::', family: 'IPv6', port: server.port! })
    const four = await Peer.connect(t, server.port!)
    const socket = await soon(opened)
    // The same text as Node has.
    t.is(socket.remoteAddress, '::ffff:127.0.0.1')
    t.is(socket.localAddress, '::ffff:127.0.0.1')
    t.is(socket.remoteFamily, 'IPv6')
    t.is(socket.localPort, server.port)
    t.is(await four.echoes(), 'ping')
    const six = await Peer.connect(t, { host: '::1', port: server.port! })
    t.is(await six.echoes(), 'ping')
    const error = throwsCode(t, 'EADDRINUSE', () => make().listen({ port: server.port! }))
    t.deepEqual(shapeOf(error), await nodeListenError(t, { port: server.port! }))
  }
})

underEachDriver('0.0.0.0 is every IPv4 address, and no IPv6', async (t, make) => {
  const { opened, handlers } = watched(echo)
  const server = make().listen({ hostname: '0.0.0.0', socket: handlers })
  t.is(server.hostname, '0.0.0.0')
  const peer = await Peer.connect(t, { host: '127.0.0.2', port: server.port! })
  const socket = await soon(opened)
  t.is(socket.localAddress, '127.0.0.2')
  t.is(socket.localPort, server.port)
  t.is(await peer.echoes(), 'ping')
  if (hasIPv6) {
    const six = new Peer(t, net.connect({ host: '::1', port: server.port! }))
    t.is(await soon(six.closed), 'ECONNREFUSED')
  }
})

/** The system chooses a port of IPv6, which somebody else may have of IPv4. */
function bothFamilies(engine: Engine): [six: Server, four: Server] {
  for (let attempt = 1; ; attempt += 1) {
    const six = engine.listen({ hostname: '::', ipv6Only: true, socket: echo })
    try {
      return [six, engine.listen({ hostname: '0.0.0.0', port: six.port, socket: echo })]
    } catch (error) {
      six.closeNow()
      if (attempt === 10) throw error
    }
  }
}

underIPv6('ipv6Only leaves the IPv4 port to others', async (t, make) => {
  for (const threads of [1, 2]) {
    const engine = make({ threads })
    const [six, four] = bothFamilies(engine)
    const port = six.port!
    t.is(await (await Peer.connect(t, port)).echoes(), 'ping')
    t.is(await (await Peer.connect(t, { host: '::1', port })).echoes(), 'ping')
    t.is(four.connections, 1)
    t.is(six.connections, 1)
  }
})

underIPv6('a scope is needed where an address has one, and known by name', (t, make) => {
  const engine = make()
  const error = throwsCode(t, 'EINVAL', () => engine.listen({ hostname: 'fe80::1' }))
  t.like(error, { syscall: 'listen', address: 'fe80::1' })
  const code = throwsAny(() => engine.listen({ hostname: 'fe80::1%no-such' }))
  t.true(['EINVAL', 'ENXIO', 'ENODEV', 'ERR_INVALID_ADDRESS'].includes(code), code)
})

function throwsAny(operation: () => unknown): string {
  try {
    operation()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
  return 'nothing was thrown'
}

test('two servers of one process have ports of their own', async (t) => {
  const engine = new Engine({ io: 'inline', threads: 4 })
  const ports = Array.from({ length: 50 }, () => engine.listen({ hostname: '127.0.0.1' }).port)
  t.is(new Set(ports).size, 50)
  await engine.close()
})
