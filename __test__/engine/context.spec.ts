import { AsyncLocalStorage } from 'node:async_hooks'
import net from 'node:net'
import type { Engine, Socket } from 'mio-js/engine'
import '../support/census.js'
import { accepted, dial, serve, turn } from '../support/engine-sockets.js'
import { type MakeEngine, soon, underEachDriver } from '../support/engine.js'
import { where } from '../support/platforms.js'
import { comparable, ofNode } from '../support/reference.js'
import { isNode } from '../support/runtime.js'
import { until } from '../support/until.js'

/** What others make of contexts is no measure. */
const inNode = where(isNode, "it is Node's own net that is the measure")

const store = new AsyncLocalStorage<string>()
const stored = (): string => String(store.getStore())

/** A socket of either kind, as far as the programs here use it. */
interface Either {
  write: (bytes: string) => unknown
  end: () => unknown
}

type Told = 'open' | 'data' | 'end' | 'close'
type Tell = (event: Told, socket: Either) => unknown

/** The same things, by `node:net` and by an engine. */
interface World {
  listen: (tell: Tell) => Promise<{ port: number; close: () => unknown }>
  connect: (port: number, tell: Tell) => Promise<Either>
}

function wire(socket: net.Socket, tell: Tell): void {
  for (const event of ['data', 'end', 'close'] as const) socket.on(event, () => tell(event, socket))
}

const netWorld: World = {
  listen: async (tell) =>
    new Promise((resolve) => {
      const server = net.createServer((socket) => {
        wire(socket, tell)
        tell('open', socket)
      })
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as net.AddressInfo
        resolve({ port, close: () => server.close() })
      })
    }),
  connect: async (port, tell) =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        tell('open', socket)
        resolve(socket)
      })
      wire(socket, tell)
    }),
}

function engineWorld(engine: Engine): World {
  const socketOf = (tell: Tell): Record<Told, (socket: Socket) => unknown> => ({
    open: (socket) => tell('open', socket),
    data: (socket) => tell('data', socket),
    end: (socket) => tell('end', socket),
    close: (socket) => tell('close', socket),
  })
  return {
    async listen(tell) {
      const server = engine.listen({ hostname: '127.0.0.1', socket: socketOf(tell) })
      return { port: server.port!, close: () => void server.close() }
    },
    connect: async (port, tell) =>
      engine.connect({ hostname: '127.0.0.1', port, socket: socketOf(tell) }),
  }
}

/** What a program saw: the stores, by what it called the moment. */
class Log {
  readonly #seen = new Map<string, string[]>()

  note(moment: string): void {
    const stores = this.#seen.get(moment) ?? []
    stores.push(stored())
    this.#seen.set(moment, stores)
  }

  async has(moment: string, times = 1): Promise<void> {
    await until(`${moment} comes`, () => (this.#seen.get(moment)?.length ?? 0) >= times)
  }

  get seen(): Record<string, string[]> {
    return Object.fromEntries([...this.#seen].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}

type Program = (world: World, log: Log) => Promise<void>

/** Programs that see the same with `node:net`, in every version of Node. */
const programs: Readonly<Record<string, Program>> = {
  async 'listen and connect in contexts of their own'(world, log) {
    const server = await store.run('listen', async () =>
      world.listen((event, socket) => {
        if (event !== 'open') return
        log.note('accepted open')
        socket.write('x')
      }),
    )
    const client = await store.run('connect', async () => {
      const socket = await world.connect(server.port, (event) => {
        log.note(`client ${event}`)
      })
      log.note('after the connect, inside')
      return socket
    })
    log.note('after the connect, outside')
    await log.has('client data')
    store.run('elsewhere', () => client.end())
    await log.has('client close')
    server.close()
  },

  async 'two clients of one server'(world, log) {
    const server = await store.run('listen', async () =>
      world.listen((event, socket) => {
        if (event === 'open') log.note('accepted open')
        if (event === 'data') socket.write('answer')
      }),
    )
    const clients = await Promise.all(
      ['first', 'second'].map(async (name) =>
        store.run(name, async () =>
          world.connect(server.port, (event) => {
            log.note(`${name} ${event}`)
          }),
        ),
      ),
    )
    for (const client of clients) client.write('question')
    await log.has('first data')
    await log.has('second data')
    for (const client of clients) client.end()
    await log.has('first close')
    await log.has('second close')
    server.close()
  },

  async 'what a handler starts'(world, log) {
    const later = (who: string): void => {
      process.nextTick(() => log.note(`${who}: tick`))
      queueMicrotask(() => log.note(`${who}: microtask`))
      setTimeout(() => log.note(`${who}: timer`), 1)
      setImmediate(() => log.note(`${who}: turn`))
      void (async () => {
        await undefined
        log.note(`${who}: after await`)
        await turn()
        log.note(`${who}: after a turn`)
      })()
    }
    const server = await store.run('listen', async () =>
      world.listen((event) => {
        if (event === 'open') later('accepted open')
      }),
    )
    const client = await store.run('connect', async () =>
      world.connect(server.port, (event) => {
        later(`client ${event}`)
        if (event === 'open') store.run('inner', () => later('inside run'))
      }),
    )
    await log.has('client open: after a turn')
    client.end()
    await log.has('client close: after a turn')
    await log.has('client close: timer')
    await log.has('accepted open: timer')
    server.close()
  },

  async 'a context that is entered in a data handler'(world, log) {
    const server = await world.listen((event, socket) => {
      if (event === 'data') socket.write('answer')
    })
    const clients = await Promise.all(
      ['first', 'second'].map(async (name) =>
        store.run(name, async () =>
          world.connect(server.port, (event) => {
            log.note(`${name} ${event}`)
            if (event === 'data') store.enterWith(`${name} data`)
            log.note(`${name} ${event}, entered`)
          }),
        ),
      ),
    )
    for (let n = 1; n <= 3; n += 1) {
      for (const client of clients) client.write('question')
      await log.has('first data', n)
      await log.has('second data', n)
    }
    for (const client of clients) client.end()
    await log.has('first close, entered')
    await log.has('second close, entered')
    log.note('outside')
    server.close()
  },
}

async function seen(program: Program, world: World): Promise<Record<string, string[]>> {
  const log = new Log()
  await soon(program(world, log))
  return log.seen
}

for (const [name, program] of Object.entries(programs)) {
  underEachDriver(`as with node:net: ${name}`, async (t, make) => {
    const expected = await ofNode(t, async () => seen(program, netWorld))
    t.deepEqual(comparable(await seen(program, engineWorld(make()))), expected)
  })
}

/** The events of both ends of one connection that there is everything to tell about. */
async function everything(make: MakeEngine, engine = make()): Promise<Record<string, string[]>> {
  const log = new Log()
  const handlers = (who: string): object => ({
    open: () => log.note(`${who} open`),
    data: () => log.note(`${who} data`),
    drain: () => log.note(`${who} drain`),
    timeout: () => log.note(`${who} timeout`),
    end: () => log.note(`${who} end`),
    close: () => log.note(`${who} close`),
  })
  const options = { highWaterMark: 0 }
  const { port, opened } = store.run('listen', () => serve(engine, handlers('server'), options))
  const client = await store.run('connect', async () =>
    dial(engine, { port, ...options }, handlers('client')),
  )
  const server = await opened()
  for (const { socket } of [client, server]) {
    store.run('write', () => {
      socket.write('x')
    })
  }
  await Promise.all([client.saw('data'), server.saw('data')])
  await Promise.all([client.saw('drain'), server.saw('drain')])
  for (const journal of [client, server]) {
    store.run('setTimeout', () => journal.socket.setTimeout(1))
    await journal.saw('timeout')
  }
  store.run('end', () => {
    client.socket.end()
  })
  await Promise.all([client.saw('close'), server.saw('close')])
  return log.seen
}

underEachDriver('every handler sees the context of its listen or connect', async (t, make) => {
  const log = await everything(make)
  t.is(Object.keys(log).length, 12)
  for (const [moment, stores] of Object.entries(log)) {
    const expected = moment.startsWith('server') ? 'listen' : 'connect'
    t.deepEqual(new Set(stores), new Set([expected]), moment)
  }
})

underEachDriver('what one socket’s handler enters no other socket sees', async (t, make) => {
  const engine = make()
  const wrong: string[] = []
  const { port, opened } = store.run('listen', () =>
    serve(engine, {
      data(socket, chunk) {
        const own = `entered by ${socket.remotePort}`
        // What stays of it for the same socket is Node's affair, and differs between versions.
        if (!['listen', own].includes(stored())) wrong.push(stored())
        store.enterWith(own)
        socket.write(chunk)
      },
    }),
  )
  const clients = await Promise.all(Array.from({ length: 10 }, async () => dial(engine, { port })))
  for (let n = 1; n <= 5; n += 1) {
    for (const { socket } of clients) socket.write('x')
    await Promise.all(clients.map(async (client) => client.has(n)))
  }
  t.deepEqual(wrong, [])
  t.is((await opened()).received, 5)
  t.is(stored(), 'undefined')
})

underEachDriver('an adopted socket sees the context of its adoption', async (t, make) => {
  const engine = make()
  const { socket, peer } = await accepted(t, engine)
  const { fd } = await store.run('detach', async () => socket.detach())
  t.is(stored(), 'undefined')
  const log = new Log()
  store.run('adopt', () => {
    engine.adopt(fd, {
      leftover: Buffer.from('x'),
      socket: {
        open: () => log.note('open'),
        data(self) {
          log.note('data')
          self.terminate()
        },
        close: () => log.note('close'),
      },
    })
  })
  await log.has('close')
  t.deepEqual(log.seen, { close: ['adopt'], data: ['adopt'], open: ['adopt'] })
  peer.close()
})

inNode(
  'node:net itself tells accepted sockets no context, which is why they are not compared',
  async (t) => {
    const log = new Log()
    await soon(
      (async () => {
        const server = await store.run('listen', async () =>
          netWorld.listen((event) => {
            log.note(event)
          }),
        )
        const client = await netWorld.connect(server.port, () => {})
        client.write('x')
        await log.has('data')
        client.end()
        await log.has('close')
        server.close()
      })(),
    )
    t.deepEqual(log.seen['open'], ['listen'])
    t.deepEqual(log.seen['data'], ['undefined'])
  },
)
