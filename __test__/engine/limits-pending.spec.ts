import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Engine, ListenOptions, Server, Socket } from 'mio-js/engine'
import '../support/census.js'
import { deafMeeting } from '../support/deaf-peer.js'
import { Peer, directory, echo, meeting } from '../support/engine-peers.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { until } from '../support/until.js'

const chunk = Buffer.alloc(64 * 1024, 'x')
const MiB = 2 ** 20

underEachDriver(
  'a socket that has too much pending is closed, outside of the write',
  async (t, make) => {
    const engine = make()
    let isWriting = false
    let closes = 0
    const told = deferred<NodeJS.ErrnoException | undefined>()
    const { peer, socket } = await deafMeeting(t, engine, {
      maxPending: 100_000,
      socket: {
        close: (_, error) => {
          t.false(isWriting)
          closes += 1
          told.resolve(error)
        },
      },
    })
    let largest = 0
    await until('it is closed', () => {
      if (closes > 0) return true
      isWriting = true
      socket.write(chunk)
      isWriting = false
      largest = Math.max(largest, engine.stats().pendingBytes)
      return false
    })
    const error = await told.promise
    t.like(error, { code: 'ERR_PENDING_LIMIT' })
    t.true(error instanceof Error)
    // What was pending when the last write came, and that write.
    t.true(largest <= 100_000 + 2 * chunk.length, `${largest} bytes`)
    t.is(socket.readyState, 'closed')
    throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.write('x'))
    await until('nothing is pending', () => engine.stats().pendingBytes === 0)
    t.like(engine.stats(), { pendingLimit: 1, closed: 1 })
    t.is(closes, 1)
    t.is(socket.bufferedAmount, 0)
    // A FIN would say that this is all there was.
    t.is(await peer.outcome(), 'ECONNRESET')
  },
)

underEachDriver('all of it may happen in one call of a handler', async (t, make) => {
  const engine = make()
  let results: unknown[] = []
  const told = deferred<NodeJS.ErrnoException | undefined>()
  const before = process.memoryUsage().rss
  let most = 0
  const options: ListenOptions<unknown> = {
    maxPending: MiB,
    socket: {
      data: (socket) => {
        // 512 MiB.
        results = Array.from({ length: 8192 }, () => socket.write(chunk))
        most = process.memoryUsage().rss - before
      },
      close: (_, error) => {
        told.resolve(error)
      },
    },
  }
  const { peer, socket } = await meeting(t, engine, options, false)
  peer.write('x')
  const error = await soon(told.promise)
  t.like(error, { code: 'ERR_PENDING_LIMIT' })
  t.is(results.length, 8192)
  t.is(results.at(-1), false)
  t.is(socket.readyState, 'closed')
  // By default it is 256 MiB for all sockets together, and the write that finds more is the last.
  t.is(socket.bytesWritten, 256 * MiB + chunk.length)
  t.true(most < 320 * MiB, `${Math.round(most / MiB)} MiB`)
})

underEachDriver('one large write to an idle socket is no flood', async (t, make) => {
  const { peer, socket } = await meeting(t, make(), { maxPending: 1000, socket: echo })
  t.false(socket.write(Buffer.alloc(8 * MiB, 'x')))
  t.is((await peer.receives(8 * MiB)).length, 8 * MiB)
  await until('all is taken', () => socket.bufferedAmount === 0)
  t.true(socket.write('and goes on'))
  await peer.receives(8 * MiB + 11)
})

underEachDriver('others are not affected', async (t, make) => {
  const engine = make({ threads: 2 })
  const good = await meeting(t, engine, { socket: echo })
  const slow = await meeting(t, engine, { maxPending: 100_000 }, false)
  let isClosed = false
  void slow.closed.then(() => (isClosed = true))
  await until('the slow one is closed', () => {
    if (!isClosed) slow.socket.write(chunk)
    return isClosed
  })
  t.is(await good.peer.echoes('hello'), 'hello')
  t.is(good.socket.readyState, 'open')
})

underEachDriver('Infinity is no limit', async (t, make) => {
  const engine = make({ maxPendingTotal: Infinity })
  const { peer, socket } = await meeting(t, engine, { maxPending: Infinity }, false)
  for (let n = 0; n < 16; n += 1) socket.write(Buffer.alloc(2 * MiB, 'x'))
  await until('the system takes no more', () => engine.stats().pendingBytes > 8 * MiB)
  t.is(socket.readyState, 'open')
  t.is(socket.bytesWritten, 32 * MiB)
  let length = 0
  const all = deferred()
  peer.socket.on('data', (bytes) => {
    length += bytes.length
    if (length === 32 * MiB) all.resolve()
  })
  await soon(all.promise, 'everything arrives')
  await until('nothing is pending', () => socket.bufferedAmount === 0)
})

interface Slow {
  server: Server
  sockets: Socket<unknown>[]
  peers: Peer[]
  errors: Map<Socket<unknown>, NodeJS.ErrnoException | undefined>
}

/** A server with peers that do not read. */
async function slowReaders(
  t: ExecutionContext,
  engine: Engine,
  count: number,
  options: ListenOptions<unknown>,
): Promise<Slow> {
  const sockets: Socket<unknown>[] = []
  const errors: Slow['errors'] = new Map()
  const server = engine.listen({
    hostname: '127.0.0.1',
    ...options,
    socket: {
      open: (socket) => {
        sockets.push(socket)
      },
      close: (socket, error) => {
        errors.set(socket, error)
      },
    },
  })
  const peers: Peer[] = []
  for (let n = 0; n < count; n += 1) {
    const to = options.path === undefined ? server.port! : { path: options.path }
    peers.push(await Peer.connect(t, to, false))
    await until('it is open', () => sockets.length > n)
  }
  return { server, sockets, peers, errors }
}

underEachDriver(
  'all sockets together may have so much pending, then who writes is closed',
  async (t, make) => {
    const engine = make({ threads: 2, maxPendingTotal: 2 * MiB })
    const { sockets, errors } = await slowReaders(t, engine, 3, { maxPending: Infinity })
    let turn = 0
    let largest = 0
    let isWriting = false
    const last = sockets[2]!
    await until('the limit is hit', () => {
      if (errors.size > 0) return true
      isWriting = true
      sockets[turn++ % 2]!.write(chunk)
      isWriting = false
      largest = Math.max(largest, engine.stats().pendingBytes)
      return false
    })
    t.false(isWriting)
    // The other one, too, if it wrote before the close was told.
    await until('all is told', () => errors.size === engine.stats().pendingLimit)
    t.true(errors.size <= 2)
    for (const error of errors.values()) t.is(error?.code, 'ERR_PENDING_LIMIT')
    t.false(errors.has(last))
    // The system may have taken some that is not acknowledged yet.
    t.true(largest <= 2 * MiB + 2 * chunk.length, `${largest} bytes`)
    t.is(last.readyState, 'open')
    // Others go on as soon as there is room.
    t.true(last.write('room'))
  },
)

for (const threads of [1, 2]) {
  underEachDriver(`${threads} lanes: who has nothing pending pays for nobody`, async (t, make) => {
    const engine = make({ threads, maxPendingTotal: MiB })
    const { server, sockets, errors } = await slowReaders(t, engine, 1, { maxPending: Infinity })
    const [greedy] = sockets
    greedy!.write(Buffer.alloc(32 * MiB))
    await until('much is pending', () => engine.stats().pendingBytes > 2 * MiB)
    for (let n = 0; n < 4; n += 1) {
      const peer = await Peer.connect(t, server.port!)
      await until('it is open', () => sockets.length > n + 1)
      t.true(sockets[n + 1]!.write('served'))
      t.is(await peer.receives(6), 'served')
    }
    t.is(errors.size, 0)
    greedy!.write('x')
    await until('it is closed', () => errors.size === 1)
    t.is(errors.get(greedy!)?.code, 'ERR_PENDING_LIMIT')
  })
}

underEachDriver('a socket is left out of broadcasts from its limit on', async (t, make) => {
  const engine = make({ maxPendingTotal: 2 * MiB })
  const { server, errors } = await slowReaders(t, engine, 1, { maxPending: Infinity })
  // In one turn, in which nothing is known of what the system takes.
  const counts = Array.from({ length: 50 }, () => server.broadcast(chunk))
  t.is(counts.lastIndexOf(1), (2 * MiB) / chunk.length)
  await until('it is closed', () => errors.size === 1)
})

underEachDriver('a broadcast keeps to the limit of all, too', async (t, make) => {
  if (process.platform === 'win32') {
    t.pass()
    return
  }
  // Those of a path are dealt out evenly.
  const path = join(directory(t), 'socket')
  const engine = make({ threads: 2, maxPendingTotal: 2 * MiB })
  const { server, errors } = await slowReaders(t, engine, 4, { path, maxPending: Infinity })
  let largest = 0
  await until('the limit is hit', () => {
    if (errors.size > 0) return true
    server.broadcast(chunk)
    largest = Math.max(largest, engine.stats().pendingBytes)
    return false
  })
  for (const error of errors.values()) t.is(error?.code, 'ERR_PENDING_LIMIT')
  t.true(largest <= 2 * MiB + 5 * chunk.length, `${largest} bytes`)
})

underEachDriver(
  'memory is bounded by the limit of all, whatever one handler writes',
  async (t, make) => {
    const engine = make({ maxPendingTotal: 32 * MiB })
    const { sockets, errors } = await slowReaders(t, engine, 4, { maxPending: Infinity })
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let most = 0
    // 512 MiB.
    for (let n = 0; n < 2048; n += 1) {
      for (const socket of sockets) socket.write(chunk)
      if (n % 64 === 0) most = Math.max(most, process.memoryUsage().rss - before)
    }
    t.true(most < 96 * MiB, `${Math.round(most / MiB)} MiB`)
    await until('all are closed', () => errors.size === 4)
    for (const error of errors.values()) t.is(error?.code, 'ERR_PENDING_LIMIT')
    await until('nothing is pending', () => engine.stats().pendingBytes === 0)
  },
)

underEachDriver('a broadcast to slow readers closes them, not the others', async (t, make) => {
  const engine = make({ threads: 2 })
  const { server, sockets, errors } = await slowReaders(t, engine, 5, { maxPending: 200_000 })
  const reader = await Peer.connect(t, server.port!)
  await until('the reader is there', () => sockets.length === 6)
  let isBroadcasting = false
  let sent = 0
  let received = 0
  let isEarly = false
  reader.socket.on('data', (bytes) => (received += bytes.length))
  await until('the slow ones are closed', () => {
    if (errors.size === 5) return true
    // The one that reads keeps up.
    if (received < sent) return false
    isBroadcasting = true
    const before = errors.size
    server.broadcast(chunk)
    isEarly ||= errors.size > before
    isBroadcasting = false
    sent += chunk.length
    return false
  })
  t.false(isEarly || isBroadcasting)
  for (const error of errors.values()) t.is(error?.code, 'ERR_PENDING_LIMIT')
  t.is(sockets[5]!.readyState, 'open')
  t.is(server.broadcast('last'), 1)
  await until('it arrives', () => received === sent + 4)
  t.is(engine.stats().pendingLimit, 5)
})
