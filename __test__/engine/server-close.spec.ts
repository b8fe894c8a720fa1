import { once } from 'node:events'
import net from 'node:net'
import type { Server, Socket } from 'mio-js/engine'
import '../support/census.js'
import { Peer, echo, meeting, stalled, untilRefused, watched } from '../support/engine-peers.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

underEachDriver('close accepts no more, and resolves when all have ended', async (t, make) => {
  const { peer, server } = await meeting(t, make(), { socket: echo })
  let isClosed = false
  const closing = server.close().then(() => (isClosed = true))
  await untilRefused(server.port!)
  // Who is there stays there.
  t.is(await peer.echoes('one'), 'one')
  t.is(await peer.echoes('two'), 'two')
  t.is(server.connections, 1)
  t.false(isClosed)
  peer.socket.end()
  await soon(closing)
  t.is(server.connections, 0)
})

underEachDriver(
  'close resolves at once when nobody is there, as often as one likes',
  async (t, make) => {
    const server = make().listen({ hostname: '127.0.0.1' })
    await soon(Promise.all([server.close(), server.close()]))
    await soon(server.close())
    server.closeNow()
    server.ref().unref()
    t.is(server.connections, 0)
  },
)

underEachDriver('close resolves after the close of the last socket', async (t, make) => {
  const events: string[] = []
  const { peer, server } = await meeting(t, make(), {
    socket: {
      end: () => {
        events.push('end')
      },
      close: () => {
        events.push('close')
      },
    },
  })
  const closing = server.close().then(() => events.push('closed'))
  peer.socket.end()
  await soon(closing)
  t.deepEqual(events, ['end', 'close', 'closed'])
})

underEachDriver('closeNow resets every socket', async (t, make) => {
  const errors: unknown[] = []
  const server = make().listen({
    hostname: '127.0.0.1',
    socket: {
      ...echo,
      close: (_, error) => {
        errors.push(error)
      },
    },
  })
  const peers = await Promise.all(
    Array.from({ length: 5 }, async () => Peer.connect(t, server.port!)),
  )
  for (const peer of peers) await peer.echoes()
  server.closeNow()
  await soon(server.close())
  t.deepEqual(errors, Array.from({ length: 5 }).fill(undefined))
  for (const peer of peers) t.is(await soon(peer.closed), 'ECONNRESET')
  t.is(server.connections, 0)
})

underEachDriver('after closeNow no socket is told any more', async (t, make) => {
  const engine = make()
  let opened = 0
  const server = engine.listen({
    hostname: '127.0.0.1',
    socket: {
      open: () => {
        opened += 1
      },
    },
  })
  // They are in the queue of the system, or accepted, or on their way.
  const peers = Array.from(
    { length: 20 },
    () => new Peer(t, net.connect(server.port!, '127.0.0.1')),
  )
  await until('one is open', () => opened > 0)
  const before = opened
  server.closeNow()
  await soon(server.close())
  await Promise.all(peers.map(async (peer) => soon(peer.closed)))
  t.is(opened, before)
  t.is(server.connections, 0)
})

underEachDriver(
  'closeNow ends a socket whose connection has gone before its data',
  async (t, make) => {
    const { closed, server } = await stalled(t, make())
    server.closeNow()
    await soon(server.close())
    t.like(await soon(closed), { error: { code: 'ERR_IDLE_TIMEOUT' } })
    t.is(server.connections, 0)
  },
)

underEachDriver('await using closes a server, and waits for its sockets', async (t, make) => {
  const engine = make()
  const { opened, handlers } = watched()
  let escaped: Server
  let socket: Socket<unknown>
  {
    await using server = engine.listen({ hostname: '127.0.0.1', socket: handlers })
    escaped = server
    const peer = await Peer.connect(t, server.port!)
    socket = await soon(opened)
    peer.socket.end()
  }
  t.is(escaped.connections, 0)
  t.is(socket.readyState, 'closed')
  await untilRefused(escaped.port!)
})

underEachDriver('a server may be closed from within its handlers', async (t, make) => {
  const engine = make()
  for (const name of ['open', 'data', 'end', 'close'] as const) {
    const done = deferred()
    const server: Server = engine.listen({
      hostname: '127.0.0.1',
      socket: {
        [name]: () => {
          server.close().then(done.resolve, done.reject)
        },
      },
    })
    const peer = await Peer.connect(t, server.port!)
    peer.socket.end('x')
    await soon(done.promise, name)
    t.is(server.connections, 0)
  }
})

underEachDriver('the port of a closed server is free, also with sockets left', async (t, make) => {
  const engine = make()
  const { peer, server } = await meeting(t, engine, { socket: echo })
  const port = server.port!
  const closing = server.close()
  await until('the port is free', () => {
    try {
      void engine.listen({ hostname: '127.0.0.1', port }).close()
      return true
    } catch {
      return false
    }
  })
  peer.socket.end()
  await soon(closing)
  t.pass()
})

underEachDriver('sockets of a closed server do not count for the next one', async (t, make) => {
  const engine = make()
  const first = await meeting(t, engine, { socket: echo })
  const closing = first.server.close()
  await untilRefused(first.server.port!)
  // It may well get the number of the first.
  const second = await meeting(t, engine, { socket: echo, maxConnections: 2 })
  first.peer.socket.end()
  await soon(closing)
  t.is(second.server.stats().open, 1)
  t.is(second.server.connections, 1)
  const third = await Peer.connect(t, second.server.port!)
  t.is(await third.echoes(), 'ping')
  t.is(await second.peer.echoes(), 'ping')
  t.like(second.server.stats(), { accepted: 2, open: 2, dropped: 0 })
  t.like(first.server.stats(), { accepted: 1 })
})

underEachDriver('stop resolves when somebody else may listen there', async (t, make) => {
  const { peer, server } = await meeting(t, make(), { socket: echo })
  const { port } = server
  await soon(server.stop())
  const next = net.createServer()
  next.listen(port, '127.0.0.1')
  await soon(once(next, 'listening'))
  next.close()
  t.is(server.connections, 1)
  t.is(await peer.echoes('still here'), 'still here')
  await soon(server.stop())
  peer.socket.end()
  await soon(server.close())
})
