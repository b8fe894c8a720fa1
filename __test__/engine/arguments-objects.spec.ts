/** Options are objects of the program's: code that runs while they are read may do anything. */
import type { ExecutionContext } from 'ava'
import type { ConnectOptions, Engine, ListenOptions, Server } from 'mio-js/engine'
import '../support/census.js'
import { Peer, echo, meeting } from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { type Told, Journal, dial, noting, peerAt, serve } from '../support/engine-sockets.js'
import { until } from '../support/until.js'
import { connectOptions, listenOptions } from '../support/wrong-values.js'

type Bag = Record<string, unknown>

const names = [
  ...new Set([...listenOptions, ...connectOptions].map(([name]) => name.split('.')[0]!)),
  'path',
]

/** A Proxy that notes how often each property was got, and gives a wrong value from then on. */
function changing(target: object, counts = new Map<string, number>()): [Bag, Map<string, number>] {
  const proxy = new Proxy(target, {
    get(bag, name) {
      const count = (counts.get(String(name)) ?? 0) + 1
      counts.set(String(name), count)
      return count === 1 ? (Reflect.get(bag, name) as unknown) : Symbol('changed')
    },
  })
  return [proxy as Bag, counts]
}

async function serves(t: ExecutionContext, server: Server): Promise<void> {
  const peer = await Peer.connect(t, server.port!)
  t.is(await peer.echoes(), 'ping')
  peer.socket.destroy()
  await soon(peer.closed)
}

underEachDriver('each option is read once, however it changes afterwards', async (t, make) => {
  const engine = make()
  const [handlers, ofHandlers] = changing(noting({ data: echo.data as never }))
  const [keepAlive, ofKeepAlive] = changing({ delay: 1000, interval: 1000, count: 3 })
  const unset: Bag = Object.fromEntries(names.map((name) => [name, undefined]))
  const given = { hostname: '127.0.0.1', data: () => new Journal(), socket: handlers, keepAlive }
  const [options, counts] = changing({ ...unset, ...given })
  const server = engine.listen(options as unknown as ListenOptions<Journal>)
  await serves(t, server)
  const own = { port: server.port, localPort: 0, timeout: 10_000, allowHalfOpen: true }
  const [ofClient, ofConnect] = changing({
    ...unset,
    ...given,
    ...own,
    socket: changing(noting())[0],
    keepAlive: changing({ delay: 1 })[0],
  })
  const socket = await soon(engine.connect(ofClient as unknown as ConnectOptions<Journal>))
  socket.terminate()
  for (const all of [counts, ofHandlers, ofKeepAlive, ofConnect]) {
    t.true(all.size > 2)
    for (const [name, count] of all) t.is(count, 1, name)
  }
})

underEachDriver(
  'what a Proxy of options throws passes on, and nothing is open',
  async (t, make) => {
    const engine = make()
    const mine = new Error('mine')
    const fail = (): never => {
      throw mine
    }
    const { server } = await meeting(t, engine, { socket: echo })
    const accepted = (): number => server.stats().accepted
    const before = accepted()
    const proxiesOf = (right: object): object[] => [
      new Proxy(right, { get: fail }),
      new Proxy(right, { getOwnPropertyDescriptor: fail }),
      new Proxy(right, new Proxy({}, { get: fail })),
      ...names.map((name) =>
        Object.defineProperty({ ...right }, name, { get: fail, enumerable: true }),
      ),
      { ...right, socket: new Proxy({ open: fail }, { get: fail }) },
      { ...right, keepAlive: new Proxy({ delay: 1 }, { get: fail }) },
    ]
    const countOf = (options: typeof listenOptions): number =>
      options.filter(([name]) => !name.includes('.')).length
    let refused = 0
    for (const options of proxiesOf({ hostname: '127.0.0.1', port: 0 })) {
      try {
        engine.listen(options as ListenOptions).closeNow()
      } catch (error) {
        t.is(error, mine)
        refused += 1
      }
    }
    // Each looks only at its own options.
    t.is(refused, countOf(listenOptions) + 1 + 5)
    refused = 0
    const right = { hostname: '127.0.0.1', port: server.port! }
    const all = [...proxiesOf(right), { ...right, data: fail }]
    for (const options of all) {
      try {
        const socket = await engine.connect(options as ConnectOptions)
        socket.terminate()
      } catch (error) {
        t.is(error, mine)
        refused += 1
      }
    }
    t.is(refused, countOf(connectOptions) + 2 + 6)
    await serves(t, server)
    t.is(accepted() - before, all.length - refused + 1, 'who is refused has not connected')
  },
)

underEachDriver(
  'options of any make work: own __proto__, frozen, without a prototype',
  async (t, make) => {
    const engine = make()
    const options: ListenOptions = { hostname: '127.0.0.1', socket: echo }
    const withProto = JSON.parse('{"__proto__": {"port": "x", "path": "/no"}}') as object
    class Options {
      hostname = '127.0.0.1'
      socket = echo
      get port(): string {
        return 'is not its own'
      }
    }
    const kinds: ListenOptions[] = [
      Object.assign(withProto, options),
      Object.freeze({ ...options, socket: Object.freeze({ ...echo }) }),
      Object.assign(Object.create(null) as object, options),
      Object.assign(Object.create({ port: 'x', backlog: 'x' }) as object, options),
      new Options() as unknown as ListenOptions,
      Object.assign(() => {}, {}, { ...options }) as never,
      new Proxy(options, {}),
    ]
    for (const [index, kind] of kinds.entries()) {
      if (typeof kind === 'function') {
        t.throws(() => engine.listen(kind), { code: 'ERR_INVALID_ARG_TYPE' })
        continue
      }
      const server = engine.listen(kind)
      await serves(t, server)
      const { port } = server
      const client = Object.assign(Object.create(null) as object, { hostname: '127.0.0.1', port })
      const socket = await soon(engine.connect(Object.freeze(client)), String(index))
      socket.terminate()
      await soon(server.close())
    }
    t.is((Object.prototype as Bag)['port'], undefined)
  },
)

underEachDriver(
  'a listen whose options close the engine leaves nothing behind',
  async (t, make) => {
    for (const name of ['socket', 'hostname', 'maxConnections', 'port', 'path']) {
      const engine = make()
      let closed: Promise<void> | undefined
      const options = {
        hostname: '127.0.0.1',
        get [name]() {
          closed = engine.close()
          return name === 'hostname' ? '127.0.0.1' : undefined
        },
      }
      t.throws(() => engine.listen(options as ListenOptions), { code: 'ERR_ENGINE_CLOSED' }, name)
      await soon(closed!, 'the engine is closed')
    }
  },
)

underEachDriver('a connect whose options close the engine rejects', async (t, make) => {
  const { port } = (await meeting(t, make())).server
  for (const name of ['socket', 'data', 'hostname', 'localPort', 'signal', 'timeout', 'port']) {
    const engine = make()
    let closed: Promise<void> | undefined
    const options = {
      hostname: '127.0.0.1',
      port,
      get [name]() {
        closed = engine.close()
        return { hostname: '127.0.0.1', port }[name]
      },
    }
    const connected = engine.connect(options as ConnectOptions)
    await t.throwsAsync(soon(connected, name), { code: 'ERR_ENGINE_CLOSED' })
    await soon(closed!, `the engine is closed by ${name}`)
  }
})

underEachDriver('options that listen and connect themselves do not disturb', async (t, make) => {
  const engine = make()
  const inner: Server[] = []
  const nested = (): undefined => {
    inner.push(engine.listen({ hostname: '127.0.0.1', socket: echo }))
  }
  const options = {
    hostname: '127.0.0.1',
    socket: echo,
    get highWaterMark() {
      return nested()
    },
    get port() {
      return nested()
    },
    get maxConnections() {
      return nested()
    },
  }
  const servers = [engine.listen(options), ...inner]
  t.is(new Set(servers.map(({ port }) => port)).size, 4)
  for (const server of servers) await serves(t, server)
  t.deepEqual(
    servers.map((server) => server.stats().accepted),
    [1, 1, 1, 1],
  )
})

const destroyers: Record<string, (engine: Engine, server: Server, told: Told) => unknown> = {
  'the engine': (engine) => engine.close(),
  'the server': (_, server) => {
    server.closeNow()
  },
  'the socket': (_, __, socket) => {
    socket.terminate()
  },
  'detaches the socket': async (_, __, socket) => socket.detach().catch(() => {}),
}

underEachDriver('functions that close what they are called for do no harm', async (t, make) => {
  for (const [what, destroy] of Object.entries(destroyers)) {
    const engine = make()
    const { server, port, opened } = serve(engine)
    const peers = [await peerAt(t, port), await peerAt(t, port)]
    const { socket } = await opened(0)
    const other = await opened(1)
    t.is(
      socket.cork(() => {
        socket.write('corked')
        destroy(engine, server, socket)
        return 'result'
      }),
      'result',
    )
    let seen = 0
    server.broadcast('x', (each) => {
      seen += 1
      destroy(engine, server, each as Told)
      return true
    })
    t.true(seen <= 2)
    for (const [index, journal] of [socket.data, other].entries()) {
      if (what.startsWith('detaches')) continue
      if (what !== 'the socket' || index === 0) await journal.saw('close')
    }
    for (const peer of peers) peer.close()
    server.closeNow()
    await soon(server.close(), what)
  }
})

underEachDriver('an own `then` of a socket’s data is nobody’s business', async (t, make) => {
  const engine = make()
  const { port } = serve(engine)
  // oxlint-disable-next-line unicorn/no-thenable -- that is the test
  const data = Object.assign(new Journal(), { then: t.fail, toJSON: t.fail })
  const journal = await dial(engine, { port })
  journal.socket.data = data
  journal.socket.close()
  await until('it is closed', () => data.events.includes('close'))
  t.pass()
})
