import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { SocketOptions } from 'mio-js'
import type { Engine, Socket } from 'mio-js/engine'
import '../support/census.js'
import { directory, echo, meeting, Peer } from '../support/engine-peers.js'
import { descriptorsOf, listenersAt } from '../support/engine-system.js'
import { drivers, listening, soon, underEachDriver } from '../support/engine.js'
import { rejectsCode, throwsCode } from '../support/errors.js'
import { isPrivileged, type Sample, samplesFor } from '../support/option-names.js'
import { hasReader, readOptions } from '../support/option-reader.js'
import { linux } from '../support/platforms.js'
import { until } from '../support/until.js'

/** Compares what we and another program read. */
function agree(
  t: ExecutionContext,
  fd: number,
  options: SocketOptions,
  chosen: readonly Sample[],
): void {
  const read = readOptions(
    fd,
    chosen.map(({ places }) => places),
  )
  t.deepEqual(
    chosen.map(({ name, get }, n) => [name, read[n], get(options)]),
    chosen.map(({ name, read: wanted, value }) => [name, wanted, value]),
  )
}

underEachDriver('what is set on a socket is what another program reads', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const { socket } = await meeting(t, make({ threads: 2 }), { socket: echo })
  const chosen = samplesFor('stream', 'IPv4')
  for (const { set } of chosen) set(socket.options)
  agree(t, descriptorsOf([socket])[0]!, socket.options, chosen)
})

underEachDriver('what is set on a server all of its sockets have', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const server = make({ threads: 3 }).listen({ hostname: '127.0.0.1', socket: {} })
  const chosen = samplesFor('listener', 'IPv4')
  for (const { set } of chosen) set(server.options)
  const fds = listenersAt(server.port!)
  t.true(fds.length >= 1)
  for (const fd of fds) agree(t, fd, server.options, chosen)
  t.is(server.options.tcpInfo().state, 'LISTEN')
  void server.close()
  throwsCode(t, 'ERR_SERVER_CLOSED', () => server.options.keepalive())
  throwsCode(t, 'ERR_SERVER_CLOSED', () => server.options.setKeepalive(true))
})

/** Options that are given, and how Linux has them afterwards. */
const given = {
  recvBufferSize: 40_000,
  keepalive: { time: 11_000, count: 4 },
  nodelay: false,
  userTimeout: 4321,
  congestion: 'reno',
  ...(isPrivileged ? { mark: 77 } : {}),
}
const asGiven = samplesFor('stream', 'IPv4').filter(({ name }) => name in given)

function readGiven(fd: number): Record<string, string> {
  const lines = readOptions(
    fd,
    asGiven.map(({ places }) => places),
  )
  return Object.fromEntries(asGiven.map(({ name }, n) => [name, lines[n] ?? '']))
}

const wanted = {
  recvBufferSize: '80000',
  nodelay: '0',
  userTimeout: '4321',
  congestion: 'reno',
  ...(isPrivileged ? { mark: '77' } : {}),
}

underEachDriver('listen and connect set options before anything else', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const engine = make({ threads: 2 })
  const { server, socket } = await meeting(t, engine, { socket: echo, options: given })
  const { port } = await listening(t, (other) => new Peer(t, other))
  const client = await engine.connect({ hostname: '127.0.0.1', port, options: given, socket: {} })
  const fds = [...listenersAt(server.port!), ...descriptorsOf([socket, client])]
  t.true(fds.length >= 3)
  for (const fd of fds) {
    const { keepalive, ...others } = readGiven(fd)
    t.deepEqual(others, wanted)
    t.regex(keepalive ?? '', /^1 11 \d+ 4$/)
  }
  // They are told from the same names beside them, and count more.
  const plain = await engine.connect({
    hostname: '127.0.0.1',
    port,
    noDelay: true,
    keepAlive: true,
    options: { nodelay: false, keepalive: false },
    socket: {},
  })
  t.false(plain.options.nodelay())
  t.false(plain.options.keepalive().enabled)
})

underEachDriver('what the system refuses fails listen and connect', async (t, make) => {
  const engine = make()
  const { port } = await listening(t, (other) => new Peer(t, other))
  const place = { hostname: '127.0.0.1', port, socket: {} }
  const missing = process.platform !== 'linux'
  const options = { congestion: 'no-such-way' }
  const code = missing ? 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' : 'ENOENT'
  const error = await rejectsCode(t, code, engine.connect({ ...place, options }))
  if (!missing) t.like(error, { syscall: 'setsockopt' })
  const refused = throwsCode(t, code, () => engine.listen({ hostname: '127.0.0.1', options }))
  if (!missing) t.like(refused, { syscall: 'setsockopt', address: '127.0.0.1' })
  for (const bad of [null, 1, 'mark', true]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => engine.listen({ options: bad as never }))
  }
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => engine.listen({ options: { ttl: 256 } }))
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => engine.listen({ options: { nodelay: 1 as never } }))
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => engine.listen({ options: { congestion: 'a\0b' } }))
  await rejectsCode(
    t,
    'ERR_INVALID_ARG_VALUE',
    (async () => engine.connect({ ...place, options: { fastOpenConnect: true } }))(),
  )
  // What is on the prototype is no option.
  const inherited = Object.create({ ttl: 256 }) as object
  void engine.listen({ hostname: '127.0.0.1', options: inherited }).close()
})

linux('a port is shared by options, as by its name', async (t) => {
  const { Engine } = await import('mio-js/engine')
  const engine = new Engine({ io: 'thread', threads: 2 })
  const first = engine.listen({ hostname: '127.0.0.1', options: { reusePort: true } })
  t.true(first.options.reusePort())
  const again = { hostname: '127.0.0.1', port: first.port!, options: { reusePort: true } }
  t.notThrows(() => engine.listen(again))
  throwsCode(t, 'EADDRINUSE', () => engine.listen({ ...again, options: {} }))
  await engine.close()
})

underEachDriver('options are one object, and that of mio-js', async (t, make) => {
  const { SocketOptions: Class } = await import('mio-js')
  const engine = make()
  const { socket } = await meeting(t, engine, { socket: {} })
  const other = await meeting(t, engine, { socket: {} })
  const server = engine.listen({ hostname: '127.0.0.1', socket: {} })
  for (const owner of [socket, server]) {
    t.true(owner.options instanceof Class)
    t.is(owner.options, owner.options)
  }
  t.not(other.socket.options, socket.options)
  await server.close()
  t.throws(() => Reflect.get(server, 'options', {}), { instanceOf: TypeError })
  t.throws(() => Reflect.get(socket, 'options', Object.create(socket)), { instanceOf: TypeError })
})

underEachDriver('a socket that closes has options no more', async (t, make) => {
  const engine = make()
  const ends: ((socket: Socket<unknown>) => unknown)[] = [
    (socket) => socket.close(),
    (socket) => socket.terminate(),
  ]
  for (const end of ends) {
    const { socket, closed } = await meeting(t, engine, { linger: 0, socket: {} })
    const { options } = socket
    t.false(options.keepalive().enabled)
    end(socket)
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => options.keepalive())
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => options.setKeepalive(true))
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => options.setOption(1, 9, 1))
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.options.tcpInfo())
    await soon(closed)
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => options.keepalive())
  }
})

underEachDriver(
  'options are there from open on, and go with a detached descriptor',
  async (t, make) => {
    if (process.platform === 'win32') return void t.pass()
    const engine = make()
    let timeInOpen: number | undefined
    const { socket } = await meeting(t, engine, {
      socket: {
        open(opened) {
          opened.options.setKeepalive({ time: 123_000 })
          timeInOpen = opened.options.keepalive().time
        },
      },
    })
    t.is(timeInOpen, 123_000)
    const departure = socket.detach()
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.options.keepalive())
    const { fd } = await departure
    const adopted = engine.adopt(fd, { socket: {} })
    // At once, although an I/O thread may not have heard of it.
    t.is(adopted.options.keepalive().time, 123_000)
    adopted.options.setKeepalive(false)
    t.false(adopted.options.keepalive().enabled)
  },
)

underEachDriver('Unix sockets have the options of sockets', async (t, make) => {
  if (process.platform === 'win32') return void t.pass()
  const engine = make()
  const path = join(directory(t), 'socket')
  let accepted: Socket<unknown> | undefined
  const options = { sendBufferSize: 30_000 }
  const server = engine.listen({ path, options, socket: { open: (it) => void (accepted = it) } })
  const client = await engine.connect({ path, options, socket: {} })
  await until('it is accepted', () => accepted !== undefined)
  const size = process.platform === 'linux' ? 60_000 : 30_000
  t.is(server.options.sendBufferSize(), size)
  t.is(client.options.sendBufferSize(), size)
  accepted!.options.setSendBufferSize(30_000)
  t.is(accepted!.options.sendBufferSize(), size)
  const error: NodeJS.ErrnoException | undefined = t.throws(() => client.options.nodelay())
  t.regex(error?.code ?? '', /^(ENOTSUP|EOPNOTSUPP|ENOPROTOOPT)$/)
  t.is(client.options.keepalive().time, undefined)
})

/** What the sockets of the storm are never set to but when they are gone. */
const poison = 999_999

/** Sets the poison on a socket until it is known to be gone. */
function poisonUntilClosed(options: SocketOptions): number {
  let count = 0
  const end = performance.now() + 10_000
  while (performance.now() < end) {
    try {
      options.setUserTimeout(poison)
      count += 1
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SOCKET_CLOSED') return count
      throw error
    }
  }
  throw new Error('the socket never closed')
}

/** One wave: all sockets of the server, and as many that take their descriptors. */
async function wave(
  t: ExecutionContext,
  port: number,
  sockets: Socket<unknown>[],
  size: number,
): Promise<Peer[]> {
  const peers = await Promise.all(Array.from({ length: size }, async () => Peer.connect(t, port)))
  await until('all are accepted', () => sockets.length === size)
  return peers
}

for (const io of drivers) {
  linux(`${io}: no option of a socket that closes reaches another`, async (t) => {
    if (!hasReader(t, 'perl')) return
    const { Engine } = await import('mio-js/engine')
    const engine: Engine = new Engine({ io, threads: 2 })
    t.teardown(async () => engine.close())
    let sockets: Socket<unknown>[] = []
    const server = engine.listen({
      hostname: '127.0.0.1',
      socket: {
        open(socket) {
          socket.options.setUserTimeout(1000 + sockets.length)
          sockets.push(socket)
        },
      },
    })
    const size = 40
    for (let round = 0; round < 5; round += 1) {
      sockets = []
      const peers = await wave(t, server.port!, sockets, size)
      const mine = sockets
      sockets = []
      for (const peer of peers) peer.socket.resetAndDestroy()
      // While those are being closed, on the thread, new ones get their descriptors.
      const next = Array.from({ length: size }, async () => Peer.connect(t, server.port!))
      if (io === 'thread') {
        // The event loop stands still: only the system knows that they are gone.
        for (const { options } of mine) poisonUntilClosed(options)
      } else {
        await until('all are closed', () => mine.every(({ readyState }) => readyState === 'closed'))
        for (const { options } of mine) t.is(poisonUntilClosed(options), 0)
      }
      const fresh = await Promise.all(next)
      const now = sockets
      await until('all are accepted', () => now.length === size)
      for (const [n, fd] of descriptorsOf(now).entries()) {
        t.is(now[n]!.options.userTimeout(), 1000 + n)
        if (n % 8 === 0) t.deepEqual(readOptions(fd, [[[6, 18, 'i']]]), [`${1000 + n}`])
      }
      for (const peer of fresh) peer.socket.resetAndDestroy()
      await until('all are closed', () => now.every(({ readyState }) => readyState === 'closed'))
    }
  })
}
