import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import test from 'ava'
import { Interest, type SocketAddr, TcpListener, TcpStream, Token } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { eachFamily, hasIPv6 } from './support/families.js'
import { nodeClient, reset } from './support/node-peer.js'
import { linux, unix } from './support/platforms.js'
import {
  type Calls,
  refusesAfterClose,
  refusesReceivers,
  sourceCalls,
} from './support/receivers.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

eachFamily((run_, family, address) => {
  run_(
    'accept gives null when nobody waits, then the stream and the address of its peer',
    async (t) => {
      const { poll, events } = poller(t)
      const server = listener(t, address)
      watch(poll, server, 5, Interest.READABLE)
      t.is(server.accept(), null)
      noEvent(t, poll, events)
      const client = closing(t, TcpStream.connect(server.localAddr()))
      const [event] = await eventsFor(t, poll, events, 5)
      t.true(event!.isReadable())
      const accepted = server.accept()!
      const stream = closing(t, accepted[0])
      t.is(accepted.length, 2)
      t.true(stream instanceof TcpStream)
      t.is(accepted[1].family, family)
      t.deepEqual(accepted[1], client.localAddr())
      t.deepEqual(accepted[1], stream.peerAddr())
      t.deepEqual(stream.localAddr(), server.localAddr())
      t.is(server.accept(), null)
    },
  )

  run_('the port 0 is a new one each time, and the address is what was asked for', (t) => {
    const host = family === 'IPv4' ? '127.0.0.1' : '::1'
    const bound = [listener(t, address), listener(t, address)].map((server) => server.localAddr())
    for (const at of bound) t.like(at, { address: host, family })
    t.not(bound[0]!.port, bound[1]!.port)
  })

  run_('ttl can be read and set', (t) => {
    const server = listener(t, address)
    t.true(server.ttl() > 0)
    for (const ttl of [1, 42, 255]) {
      server.setTtl(ttl)
      t.is(server.ttl(), ttl)
    }
    for (const ttl of [0, 256, -1, 1.5, NaN, 2 ** 32 + 42]) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
        server.setTtl(ttl)
      })
    }
    for (const ttl of ['42', 42n, null, undefined, Symbol('s'), {}]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        server.setTtl(ttl as unknown as number)
      })
    }
    t.is(server.ttl(), 255)
  })

  run_('a port that is taken is EADDRINUSE, with the address', (t) => {
    const first = listener(t, address)
    const at = first.localAddr()
    for (const form of [at, at.toString()]) {
      const error = throwsCode(t, 'EADDRINUSE', () => TcpListener.bind(form))
      t.like(error, { syscall: 'listen', address: at.address, port: at.port })
      t.true(error.errno! < 0)
      t.true(error.message.startsWith('listen EADDRINUSE: address already in use'))
      t.true(error.message.includes(String(at.port)))
    }
    first.close()
    t.deepEqual(listener(t, at.toString()).localAddr(), at)
  })
})

test('a listener has no pending error', (t) => {
  t.is(listener(t).takeError(), null)
})

test('one event stands for a queue of many, which accept drains in order', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const clients: SocketAddr[] = []
  for (let n = 0; n < 100; n += 1) {
    const client = closing(t, TcpStream.connect(server.localAddr()))
    await until('the client is connected', () => client.finishConnect())
    clients.push(client.localAddr())
  }
  watch(poll, server, 1, Interest.READABLE)
  t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
  const peers: SocketAddr[] = []
  await until('all are accepted', () => {
    for (let next = server.accept(); next !== null; next = server.accept()) {
      closing(t, next[0])
      peers.push(next[1])
    }
    return peers.length >= clients.length
  })
  t.deepEqual(peers, clients)
  t.is(server.accept(), null)
})

unix('a listener is edge-triggered: what is left in the queue gives no second event', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 1, Interest.READABLE)
  closing(t, TcpStream.connect(server.localAddr()))
  await eventsFor(t, poll, events, 1)
  noEvent(t, poll, events)
  closing(t, TcpStream.connect(server.localAddr()))
  await eventsFor(t, poll, events, 1)
  closing(t, await acceptOne(server))
  closing(t, await acceptOne(server))
  t.is(server.accept(), null)
  closing(t, TcpStream.connect(server.localAddr()))
  await eventsFor(t, poll, events, 1)
  closing(t, await acceptOne(server))
})

test('an accepted stream does not block, and is not registered', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 1, Interest.READABLE)
  const client = closing(t, TcpStream.connect(server.localAddr()))
  await eventsFor(t, poll, events, 1)
  const stream = closing(t, await acceptOne(server))
  t.is(stream.read(Buffer.alloc(1)), null)
  await until('the client is connected', () => client.finishConnect())
  t.is(client.write(Buffer.from('x')), 1)
  noEvent(t, poll, events)
  watch(poll, stream, 2, Interest.READABLE)
  await eventsFor(t, poll, events, 2)
})

for (const backlog of [0, 1, 1e9, 2 ** 31 - 1, undefined]) {
  test(`a backlog of ${backlog} listens`, async (t) => {
    const server = closing(t, TcpListener.bind('127.0.0.1:0', { backlog }))
    closing(t, TcpStream.connect(server.localAddr()))
    closing(t, await acceptOne(server))
    t.pass()
  })
}

test('a backlog that is no count is refused', (t) => {
  for (const backlog of [-1, 2 ** 31, 2 ** 32 + 1, 1.5, NaN, Infinity]) {
    const error = throwsCode(t, 'ERR_OUT_OF_RANGE', () =>
      TcpListener.bind('127.0.0.1:0', { backlog }),
    )
    t.true(error instanceof RangeError)
  }
  for (const backlog of ['5', 5n, true, {}, [5], Symbol('s'), () => 5]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () =>
      TcpListener.bind('127.0.0.1:0', { backlog: backlog as number }),
    )
  }
})

test('options are an object, and read from the object itself', (t) => {
  for (const options of [null, 5, 'x', true, Symbol('s'), () => {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => TcpListener.bind('127.0.0.1:0', options as never))
  }
  const inherited = Object.create({ backlog: 'polluted' }) as object
  t.notThrows(() => {
    TcpListener.bind('127.0.0.1:0', inherited).close()
  })
  const mine = new Error('mine')
  const thrower = {
    get backlog(): number {
      throw mine
    },
  }
  t.is(
    t.throws(() => TcpListener.bind('127.0.0.1:0', thrower)),
    mine,
  )
})

const somaxconn =
  process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) : 0

const wide = somaxconn >= 300 ? test : test.skip

wide('the default backlog is wide: 250 clients connect while nobody accepts (Linux)', async (t) => {
  const server = listener(t)
  const at = server.localAddr()
  const clients = Array.from({ length: 250 }, () => closing(t, TcpStream.connect(at)))
  await until('all are connected', () => clients.every((client) => client.finishConnect()))
  t.pass()
})

linux('a narrow backlog keeps clients waiting, until there is room', async (t) => {
  const { poll, events } = poller(t)
  const server = closing(t, TcpListener.bind('127.0.0.1:0', { backlog: 1 }))
  const clients = Array.from({ length: 4 }, (_, token) => {
    const client = closing(t, TcpStream.connect(server.localAddr()))
    watch(poll, client, token)
    return client
  })
  while (poll.poll(events, 50) > 0);
  const connected = clients.filter((client) => client.finishConnect()).length
  t.true(connected >= 1 && connected < 4, `${connected} of 4 are connected`)
  for (let n = 0; n < 4; n += 1) closing(t, await acceptOne(server))
  await until('all are connected', () => clients.every((client) => client.finishConnect()))
})

test('an address of another machine is EADDRNOTAVAIL', (t) => {
  const error = throwsCode(t, 'EADDRNOTAVAIL', () => TcpListener.bind('192.0.2.1:0'))
  t.like(error, { syscall: 'listen', address: '192.0.2.1', port: 0 })
})

unix('a port can be bound again while connections of its last listener end', async (t) => {
  const first = listener(t)
  const at = first.localAddr()
  const client = closing(t, TcpStream.connect(at))
  const stream = await acceptOne(first)
  await until('the client is connected', () => client.finishConnect())
  // Who closes first is left with the connection, in TIME_WAIT.
  stream.close()
  await until('the client sees the end', () => client.read(Buffer.alloc(1)) === 0)
  client.close()
  first.close()
  const local = `0100007F:${at.port.toString(16).toUpperCase().padStart(4, '0')}`
  if (process.platform === 'linux') {
    await until('a connection is in TIME_WAIT', () => {
      const table = readFileSync('/proc/net/tcp', 'utf8')
      return table.split('\n').some((line) => line.includes(` ${local} `) && / 06 /.test(line))
    })
  }
  const second = listener(t, at.toString())
  t.deepEqual(second.localAddr(), at)
  closing(t, TcpStream.connect(at))
  closing(t, await acceptOne(second))
})

const root = process.platform === 'linux' && process.getuid?.() === 0
const unprivileged = root
  ? Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  : 0

const privileged = unprivileged > 80 ? test : test.skip

privileged(
  'a privileged port is EACCES for who may not (needs root, to become nobody)',
  async (t) => {
    const { code, signal, stdout, stderr } = await run('bind-as-nobody')
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
    t.deepEqual(JSON.parse(stdout), {
      code: 'EACCES',
      syscall: 'listen',
      address: '127.0.0.1',
      port: 80,
    })
  },
)

test('a connection that was reset in the queue does no harm to the next', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 1, Interest.READABLE)
  const dead = await nodeClient(t, server.localAddr())
  await eventsFor(t, poll, events, 1)
  await reset(dead)
  const client = await nodeClient(t, server.localAddr())
  let next: SocketAddr | undefined
  await until('the client that lives is accepted', () => {
    let accepted: ReturnType<TcpListener['accept']>
    try {
      accepted = server.accept()
    } catch (error) {
      t.like(error, { code: 'ERR_CONNECTION_ABORTED', syscall: 'accept' })
      t.true((error as Error).cause instanceof Error)
      return false
    }
    if (accepted === null) return false
    const stream = closing(t, accepted[0])
    if (accepted[1].port === client.localPort) {
      next = accepted[1]
      t.is(stream.write(Buffer.from('x')), 1)
      return true
    }
    throwsCode(t, 'ECONNRESET', () => stream.read(Buffer.alloc(1)))
    return false
  })
  t.is(next?.port, client.localPort)
  const [bytes] = (await once(client, 'data')) as [Buffer]
  t.is(bytes.toString(), 'x')
})

const dual = hasIPv6 && process.platform !== 'win32' ? test : test.skip

dual('an IPv4 peer of a dual-stack listener has a mapped address (needs IPv6)', async (t) => {
  const server = listener(t, '[::]:0')
  t.like(server.localAddr(), { address: '::', family: 'IPv6' })
  const client = closing(t, TcpStream.connect(`127.0.0.1:${server.localAddr().port}`))
  let peer: SocketAddr | undefined
  await until('the client is accepted', () => {
    const accepted = server.accept()
    if (accepted === null) return false
    t.deepEqual(closing(t, accepted[0]).peerAddr(), accepted[1])
    t.like(accepted[0].localAddr(), { address: '::ffff:127.0.0.1', family: 'IPv6' })
    peer = accepted[1]
    return true
  })
  const { port } = client.localAddr()
  t.like(peer, { address: '::ffff:127.0.0.1', family: 'IPv6', port })
  t.is(peer!.toString(), `[::ffff:127.0.0.1]:${port}`)

  const theirs = net.createServer().listen(0, '::')
  await once(theirs, 'listening')
  const other = closing(
    t,
    TcpStream.connect(`127.0.0.1:${(theirs.address() as net.AddressInfo).port}`),
  )
  const [socket] = (await once(theirs, 'connection')) as [net.Socket]
  t.is(socket.remoteAddress, peer!.address)
  t.is(socket.remotePort, other.localAddr().port)
  socket.destroy()
  theirs.close()
  await once(theirs, 'close')
})

test('closing a registered listener ends its events and refuses its clients', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const at = server.localAddr()
  watch(poll, server, 1)
  closing(t, TcpStream.connect(at))
  await eventsFor(t, poll, events, 1)
  server.close()
  const late = closing(t, TcpStream.connect(at))
  watch(poll, late, 2)
  await eventsFor(t, poll, events, 2)
  for (const event of events) t.is(event.token, Token(2))
  throwsCode(t, 'ECONNREFUSED', () => late.finishConnect())
  noEvent(t, poll, events)
})

function calls(t: Parameters<typeof poller>[0]): Calls {
  const { registry } = poller(t).poll
  return {
    accept: [],
    acceptAll: [() => {}],
    share: [],
    ...sourceCalls(registry),
  }
}

test('every method of a closed listener throws, and closing again does nothing', (t) => {
  const server = listener(t)
  server.close()
  server.close()
  server[Symbol.dispose]()
  refusesAfterClose(t, server, calls(t))
  t.throws(
    () => {
      watch(poller(t).poll, server, 1)
    },
    { code: 'ERR_SOURCE_CLOSED' },
  )
})

test('using closes a listener', (t) => {
  let escaped: TcpListener
  {
    using server = TcpListener.bind('127.0.0.1:0')
    escaped = server
  }
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => escaped.localAddr())
})

test('no method works on another receiver', async (t) => {
  const server = listener(t)
  const [stream] = await pair(t)
  refusesReceivers(t, server, stream, { ...calls(t), close: [] })
  t.is(server.accept(), null)
  t.is(stream.read(Buffer.alloc(1)), null)
  throwsCode(t, 'ERR_INVALID_THIS', () => TcpListener.prototype.accept.call(stream as never))
})

test('a listener is made by bind alone', (t) => {
  const Constructor = TcpListener as unknown as new (...args: unknown[]) => TcpListener
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(TcpListener, [1], Array) as unknown,
  ]) {
    const error = throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make)
    t.true(error instanceof TypeError)
  }
  t.throws(() => (TcpListener as unknown as () => void)(), { instanceOf: TypeError })
  const { bind } = TcpListener
  closing(t, bind('127.0.0.1:0'))
})
