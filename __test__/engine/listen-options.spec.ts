import { readFileSync } from 'node:fs'
import { Engine } from 'mio-js/engine'
import '../support/census.js'
import { run } from '../support/child.js'
import { Peer, echo, nodeListenError, shapeOf } from '../support/engine-peers.js'
import { underEachDriver, underEachDriverWhere } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { backlogOf, hasReader } from '../support/option-reader.js'
import { linux } from '../support/platforms.js'
import { isBun } from '../support/runtime.js'

const local = { hostname: '127.0.0.1' }

const whereSharing = underEachDriverWhere(
  process.platform !== 'win32',
  'Windows has nothing like reusePort',
)

underEachDriver('a port that is taken is EADDRINUSE, as Node has it', async (t, make) => {
  const engine = make()
  for (const threads of [1, 3]) {
    const other = make({ threads })
    const first = other.listen({ ...local, socket: echo })
    const port = first.port!
    for (const taker of [engine, other]) {
      const error = throwsCode(t, 'EADDRINUSE', () => taker.listen({ ...local, port }))
      t.deepEqual(shapeOf(error), await nodeListenError(t, { port, host: '127.0.0.1' }))
      t.is(error.message, `listen EADDRINUSE: address already in use 127.0.0.1:${port}`)
    }
    // It was only asked whether it is free.
    t.is(await (await Peer.connect(t, port)).echoes(), 'ping')
  }
})

underEachDriver('an address of another machine is EADDRNOTAVAIL', async (t, make) => {
  const engine = make({ threads: 2 })
  for (const hostname of ['203.0.113.77', '2001:db8::77']) {
    const error = throwsCode(t, 'EADDRNOTAVAIL', () => engine.listen({ hostname, port: 0 }))
    t.deepEqual(shapeOf(error), await nodeListenError(t, { port: 0, host: hostname }))
  }
})

linux('a reserved port is EACCES for who may not', async (t) => {
  const start = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (process.getuid?.() !== 0 || start <= 80) {
    t.log('skipped: needs root, to become nobody')
    t.pass()
    return
  }
  const { stdout, stderr } = await run('engine-as-nobody')
  t.is(stderr, '')
  const [engine, node, ...dropIn] = stdout.trim().split('\n')
  // Bun has errors of its own, and its servers of HTTP are none of ours.
  t.deepEqual(dropIn, isBun ? [engine] : [engine, engine])
  if (!isBun) t.is(engine, node)
  t.like(JSON.parse(engine ?? '') as object, {
    code: 'EACCES',
    errno: -13,
    syscall: 'listen',
    address: '127.0.0.1',
    port: 80,
  })
})

underEachDriver('every backlog listens, however large', async (t, make) => {
  const engine = make()
  for (const backlog of [0, 1, 2, 511, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    const server = engine.listen({ ...local, backlog, socket: echo })
    t.is(await (await Peer.connect(t, server.port!)).echoes(), 'ping', String(backlog))
    server.closeNow()
  }
})

linux('the backlog is what was asked for, as far as the system allows', async (t) => {
  if (!hasReader(t, 'ss')) return
  const cap = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  for (const io of ['inline', 'thread'] as const) {
    const engine = new Engine({ io })
    for (const [asked, got] of [
      [undefined, 511],
      [0, 1],
      [1, 1],
      [77, 77],
      [2 ** 31 - 1, cap],
      [2 ** 31, cap],
      [2 ** 32 + 1, cap],
    ] as const) {
      const server = engine.listen({ ...local, backlog: asked })
      t.is(backlogOf(server.port!), Math.min(got, cap), String(asked))
    }
    await engine.close()
  }
})

for (const threads of [1, 2]) {
  underEachDriver(`${threads} lanes: a port is one server's alone`, (t, make) => {
    const [one, two] = [make({ threads }), make({ threads })]
    const { port } = one.listen(local)
    throwsCode(t, 'EADDRINUSE', () => two.listen({ ...local, port: port! }))
    // On Linux lanes share their port in the way that those who ask for it do.
    if (threads > 1) return
    throwsCode(t, 'EADDRINUSE', () => two.listen({ ...local, port: port!, reusePort: true }))
  })

  whereSharing(`${threads} lanes: with reusePort servers share a port`, async (t, make) => {
    const [one, two] = [make({ threads }), make({ threads })]
    const options = { ...local, reusePort: true, socket: echo }
    const first = one.listen(options)
    const port = first.port!
    throwsCode(t, 'EADDRINUSE', () => two.listen({ ...local, port }))
    const servers = [first, two.listen({ ...options, port }), one.listen({ ...options, port })]
    const peers = await Promise.all(Array.from({ length: 60 }, async () => Peer.connect(t, port)))
    for (const peer of peers) t.is(await peer.echoes(), 'ping')
    const counts = servers.map((server) => server.connections)
    t.is(counts[0]! + counts[1]! + counts[2]!, 60)
    // Other systems do not spread them.
    if (process.platform === 'linux')
      t.true(
        counts.every((count) => count > 0),
        String(counts),
      )
  })
}

underEachDriver(
  'options that mean nothing to TCP, or to the system, do no harm',
  async (t, make) => {
    const server = make().listen({
      ...local,
      ipv6Only: true,
      keepAlive: { delay: 0, interval: 0, count: 0 },
      socket: echo,
      maxConnections: Infinity,
      highWaterMark: Infinity,
      maxPending: Infinity,
      readBudget: Infinity,
      idleTimeout: Infinity,
      firstByteTimeout: 0,
      linger: Infinity,
    })
    t.is(await (await Peer.connect(t, server.port!)).echoes(), 'ping')
  },
)
