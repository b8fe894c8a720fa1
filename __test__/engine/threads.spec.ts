import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { Engine } from 'mio-js/engine'
import '../support/census.js'
import { Peer, directory, echo, untilRefused } from '../support/engine-peers.js'
import {
  acceptedAt,
  acceptedAtPath,
  connectedTo,
  ioThreads,
  watchersOf,
} from '../support/engine-system.js'
import { deferred, listening, soon, underEachDriver } from '../support/engine.js'
import { load } from '../support/load.js'
import { linux } from '../support/platforms.js'
import { until } from '../support/until.js'

const local = { hostname: '127.0.0.1' }

async function peers(
  t: ExecutionContext,
  count: number,
  to: Parameters<typeof Peer.connect>[1],
): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, async () => Peer.connect(t, to)))
}

async function echoAll(t: ExecutionContext, all: readonly Peer[]): Promise<void> {
  const texts = all.map((_, n) => `number ${n}`)
  const echoed = await Promise.all(all.map(async (peer, n) => peer.echoes(texts[n])))
  t.deepEqual(echoed, texts)
}

for (const threads of [2, 4]) {
  underEachDriver(`${threads} lanes share the connections of a port`, async (t, make) => {
    const server = make({ threads }).listen({ ...local, socket: echo })
    const all = await peers(t, 64, server.port!)
    await echoAll(t, all)
    t.is(server.connections, 64)
    t.like(server.stats(), { accepted: 64, open: 64 })
    if (process.platform !== 'linux') return
    const shares = watchersOf(acceptedAt(server.port!))
    t.is(shares.length, threads, String(shares))
    t.is(sum(shares), 64)
  })

  underEachDriver(`${threads} lanes are dealt the connections of a path`, async (t, make) => {
    if (process.platform === 'win32') {
      t.pass()
      return
    }
    const path = join(directory(t), 'socket')
    const server = make({ threads }).listen({ path, socket: echo })
    const all = await peers(t, 4 * threads, { path })
    await echoAll(t, all)
    t.is(server.connections, 4 * threads)
    if (process.platform !== 'linux') return
    // In turn.
    const shares = watchersOf(acceptedAtPath(path))
    t.deepEqual(shares, Array.from({ length: threads }).fill(4))
  })

  underEachDriver(`${threads} lanes share what connects`, async (t, make) => {
    const { port } = await listening(t, (socket) => new Peer(t, socket))
    const engine = make({ threads })
    await Promise.all(
      Array.from({ length: 3 * threads }, async () => engine.connect({ ...local, port })),
    )
    t.is(engine.stats().connected, 3 * threads)
    if (process.platform !== 'linux') return
    const shares = watchersOf(connectedTo(port))
    t.deepEqual(shares, Array.from({ length: threads }).fill(3))
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

underEachDriver('one lane has all there is', async (t, make) => {
  const server = make({ threads: 1 }).listen({ ...local, socket: echo })
  await echoAll(t, await peers(t, 8, server.port!))
  if (process.platform === 'linux') t.deepEqual(watchersOf(acceptedAt(server.port!)), [8])
  t.is(server.connections, 8)
})

underEachDriver(
  'the bytes of a connection keep their order, whoever its lane is',
  async (t, make) => {
    const engine = make({ threads: 4 })
    const server = engine.listen({ ...local, socket: echo })
    const all = await peers(t, 16, server.port!)
    const size = 300_000
    const bytes = Buffer.alloc(size)
    for (let at = 0; at < size; at += 4) bytes.writeUInt32LE(at, at)
    for (const peer of all) peer.write(bytes)
    for (const peer of all) {
      const received = Buffer.from(await peer.receives(size), 'latin1')
      t.is(received.compare(bytes), 0)
    }
  },
)

underEachDriver('a server of several lanes closes in all of them', async (t, make) => {
  const engine = make({ threads: 4 })
  for (let n = 0; n < 5; n += 1) {
    const server = engine.listen({ ...local, socket: echo })
    const all = await peers(t, 12, server.port!)
    await echoAll(t, all)
    const closing = server.close()
    await untilRefused(server.port!)
    await echoAll(t, all)
    for (const peer of all) peer.socket.end()
    await soon(closing)
    t.is(server.connections, 0)
  }
})

underEachDriver('many servers of many lanes do not get mixed up', async (t, make) => {
  const engine = make({ threads: 3 })
  const servers = Array.from({ length: 8 }, (_, n) =>
    engine.listen({
      ...local,
      socket: {
        data: (socket, chunk) => {
          socket.write(`${n}: ${String(chunk)}`)
        },
      },
    }),
  )
  for (const [n, server] of servers.entries()) {
    for (const peer of await peers(t, 6, server.port!)) {
      peer.write('x')
      t.is(await peer.receives(4), `${n}: x`)
    }
    t.is(server.connections, 6)
  }
})

underEachDriver("a dealt connection is its own server's, or nobody's", async (t, make) => {
  if (process.platform === 'win32') {
    t.pass()
    return
  }
  const engine = make({ threads: 4 })
  const folder = directory(t)
  for (let n = 0; n < 10; n += 1) {
    const path = join(folder, String(n))
    let open = 0
    const server = engine.listen({
      path,
      socket: {
        open: () => {
          open += 1
        },
        close: () => {
          open -= 1
        },
      },
    })
    const connecting = Array.from({ length: 12 }, async () =>
      Peer.connect(t, { path }).catch(() => undefined),
    )
    await until('some have come', () => open > n % 4)
    server.closeNow()
    await soon(server.close())
    t.is(open, 0)
    t.is(server.connections, 0)
    // It may get the number of the last.
    let strangers = 0
    const next = engine.listen({
      path: join(folder, 'next'),
      socket: {
        open: () => {
          strangers += 1
        },
      },
    })
    // Whoever was on its way is told as well.
    const all = (await Promise.all(connecting)).filter((peer) => peer !== undefined)
    let left = all.length
    for (const { closed, ended } of all) void Promise.race([ended, closed]).then(() => (left -= 1))
    await until('everybody is told', () => left === 0 || strangers > 0)
    t.is(strangers, 0)
    t.like(next.stats(), { accepted: 0, open: 0 })
    next.closeNow()
    await soon(next.close())
  }
})

linux('threads end with their engine, whatever it was doing', async (t) => {
  for (const threads of [1, 4]) {
    await using engine = new Engine({ io: 'thread', threads })
    const server = engine.listen({ ...local, socket: echo })
    const { stop } = load(t, server.port!, 10, 1000)
    await until('the load has begun', () => engine.stats().bytesRead > 100_000)
    t.is(ioThreads(), threads)
    await soon(engine.close())
    t.is(ioThreads(), 0)
    await stop()
  }
})

linux('auto moves a busy lane to a thread, and a quiet one back', async (t) => {
  await using engine = new Engine({ io: 'auto' })
  const away = deferred()
  const server = engine.listen({
    ...local,
    socket: {
      data: (socket, chunk) => {
        socket.write(chunk)
        if (ioThreads() === 1) away.resolve()
      },
    },
  })
  t.is(engine.stats().moves, 0)
  const { stop } = load(t, server.port!, 50, 1000)
  await soon(away.promise, 'the lane has gone to its thread')
  const { moves } = engine.stats()
  await stop()
  await until('the load is gone', () => server.connections === 0)
  // One message after the other is quiet.
  const peer = await Peer.connect(t, server.port!)
  for (let n = 0; n < 2000 && engine.stats().moves === moves; n += 1) await peer.echoes()
  t.is(await peer.echoes('in order'), 'in order')
  t.true(moves > 0, 'the way there is a move')
  t.true(engine.stats().moves > moves, 'the way back is a move')
})
