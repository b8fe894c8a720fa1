import net from 'node:net'
import { join } from 'node:path'
import '../support/census.js'
import { Peer, directory, echo } from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

for (const threads of [1, 3]) {
  underEachDriver(`maxConnections holds for ${threads} lanes together`, async (t, make) => {
    const engine = make({ threads })
    let opened = 0
    let closed = 0
    const server = engine.listen({
      hostname: '127.0.0.1',
      maxConnections: 5,
      socket: {
        ...echo,
        open: () => {
          opened += 1
        },
        close: () => {
          closed += 1
        },
      },
    })
    const peers = await Promise.all(
      Array.from({ length: 12 }, async () => Peer.connect(t, server.port!)),
    )
    const over = (peer: Peer): Promise<unknown> => Promise.race([peer.ended, peer.closed])
    const dropped = new Set<Peer>()
    for (const peer of peers) void over(peer).then(() => dropped.add(peer))
    await until('the others are dropped', () => dropped.size === 7)
    const kept = peers.filter((peer) => !dropped.has(peer))
    for (const peer of kept) t.is(await peer.echoes(), 'ping')
    t.like(server.stats(), { accepted: 5, open: 5, dropped: 7 })
    t.is(server.connections, 5)
    // Nobody is told of them.
    t.is(opened, 5)
    t.is(closed, 0)

    kept[0]!.socket.end()
    await until('one has left', () => server.stats().open === 4)
    const next = await Peer.connect(t, server.port!)
    t.is(await next.echoes(), 'ping')
    await soon(over(await Peer.connect(t, server.port!)), 'the next one is dropped')
    t.like(server.stats(), { accepted: 6, open: 5, dropped: 8 })
  })
}

underEachDriver('maxConnections of 0 drops everybody, and goes on doing so', async (t, make) => {
  const server = make().listen({ hostname: '127.0.0.1', maxConnections: 0 })
  for (let n = 1; n <= 3; n += 1) {
    const peer = await Peer.connect(t, server.port!)
    await soon(Promise.race([peer.ended, peer.closed]))
    t.like(server.stats(), { accepted: 0, dropped: n, open: 0 })
  }
})

underEachDriver('maxConnections holds for a path', async (t, make) => {
  if (process.platform === 'win32') {
    t.pass()
    return
  }
  const path = join(directory(t), 'socket')
  const server = make({ threads: 2 }).listen({ path, maxConnections: 2, socket: echo })
  const [one, two] = [await Peer.connect(t, { path }), await Peer.connect(t, { path })]
  t.is(await one.echoes(), 'ping')
  t.is(await two.echoes(), 'ping')
  // Whether it is told of the connection first, or of its end, is the runtime's.
  const three = new Peer(t, net.connect(path))
  await soon(Promise.race([three.ended, three.closed]))
  t.like(server.stats(), { accepted: 2, dropped: 1, open: 2 })
})

underEachDriver('each server has a limit of its own', async (t, make) => {
  const engine = make()
  const options = { hostname: '127.0.0.1', maxConnections: 1, socket: echo }
  const [one, two] = [engine.listen(options), engine.listen(options)]
  for (const server of [one, two]) {
    t.is(await (await Peer.connect(t, server.port!)).echoes(), 'ping')
    t.like(server.stats(), { accepted: 1, dropped: 0, open: 1 })
  }
})
