import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { TcpStream } from 'mio-js'
import { Engine, type Server, type Socket, engines } from 'mio-js/engine'
import { connect as netConnect } from 'mio-js/net'
import '../support/census.js'
import { accepted, adopting, dial, linked, serve, turns } from '../support/engine-sockets.js'
import { soon, underEachDriver } from '../support/engine.js'
import { unix } from '../support/platforms.js'
import { until } from '../support/until.js'

interface Message {
  readonly engine?: Engine
  readonly server?: Server
  readonly socket?: Socket<unknown>
  readonly error?: NodeJS.ErrnoException
  readonly address?: string
  readonly port?: number
  readonly handler?: string
  readonly milliseconds?: number
}

/** Subscribes until the test ends, and keeps what comes: the name without its prefix, and the message. */
function watch(t: ExecutionContext, ...names: string[]): [name: string, message: Message][] {
  const seen: [string, Message][] = []
  for (const name of names) {
    const listener = (message: unknown): void => {
      seen.push([name, message as Message])
    }
    subscribe(`mio-js:${name}`, listener)
    t.teardown(() => unsubscribe(`mio-js:${name}`, listener))
  }
  return seen
}

const ofSockets = ['socket.open', 'socket.close', 'socket.error']

/** What was told of one socket, in order. */
function storyOf(seen: readonly [string, Message][], socket: Socket<never>): string {
  return seen
    .filter(([, message]) => message.socket === (socket as Socket<unknown>))
    .map(([name]) => name)
    .join()
}

underEachDriver('sockets are told from their open to their close, once', async (t, make) => {
  const seen = watch(t, ...ofSockets)
  const engine = make()
  const { server, client, accepted: other } = await linked(engine)
  t.is(storyOf(seen, client.socket as never), 'socket.open')
  client.socket.end('bye')
  await client.saw('close')
  await other.saw('close')
  for (const { socket } of [client, other]) {
    t.is(storyOf(seen, socket as never), 'socket.open,socket.close')
  }
  const openings = seen.filter(([name]) => name === 'socket.open').map(([, message]) => message)
  const serverOf = new Map(openings.map((message) => [message.socket, message.server]))
  t.is(serverOf.size, 2)
  t.is(serverOf.get(client.socket as Socket<unknown>), undefined)
  t.is(serverOf.get(other.socket as Socket<unknown>), server)
})

underEachDriver('each is told before its handler, and the error with it', async (t, make) => {
  const order: string[] = []
  for (const name of ofSockets) {
    const listener = (): void => void order.push(name)
    subscribe(`mio-js:${name}`, listener)
    t.teardown(() => unsubscribe(`mio-js:${name}`, listener))
  }
  const { journal, peer } = await accepted(t, make(), {
    open: () => order.push('open'),
    close: () => order.push('close'),
  })
  peer.options.setLinger(0)
  peer.close()
  await journal.saw('close')
  t.is(journal.error?.code, 'ECONNRESET')
  t.deepEqual(order, ['socket.open', 'open', 'socket.error', 'socket.close', 'close'])
})

underEachDriver('the reason of a close is told even if no handler is', async (t, make) => {
  const seen = watch(t, 'socket.error')
  const engine = make()
  const server = engine.listen({ hostname: '127.0.0.1', socket: {} })
  const peer = TcpStream.connect({ address: '127.0.0.1', port: server.port! })
  await until('it is accepted', () => server.connections === 1)
  peer.options.setLinger(0)
  peer.close()
  await until('it is told', () => seen.length === 1)
  const [, { error, server: of }] = seen[0]!
  t.is(error?.code, 'ECONNRESET')
  t.is(of, server)
})

unix('sockets that are adopted or detached are told as well', async (t) => {
  const engine = new Engine({ io: 'inline' })
  t.teardown(() => engine.close())
  const seen = watch(t, ...ofSockets)
  const { journal, socket } = await accepted(t, engine)
  const { fd } = await soon(socket.detach())
  t.is(storyOf(seen, socket as never), 'socket.open,socket.close')
  const again = adopting(engine, fd)
  await again.saw('open')
  t.is(storyOf(seen, again.socket as never), 'socket.open')
  again.socket.terminate()
  await again.saw('close')
  t.is(storyOf(seen, again.socket as never), 'socket.open,socket.close')
  t.is(journal.count('close'), 0)
})

underEachDriver(
  'connects that fail are told with their address, not as sockets',
  async (t, make) => {
    const seen = watch(t, 'connect.error', ...ofSockets)
    const engine = make()
    const { server, port } = serve(engine)
    await server.close()
    await t.throwsAsync(dial(engine, { port }), { code: 'ECONNREFUSED' })
    const socket = netConnect({ engine, port, host: '127.0.0.1' })
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve))
    const failure = await soon(failed)
    await turns()
    t.deepEqual(
      seen.map(([name, { address, port: at, error }]) => [name, address, at, error?.code]),
      [
        ['connect.error', '127.0.0.1', port, 'ECONNREFUSED'],
        ['connect.error', '127.0.0.1', port, 'ECONNREFUSED'],
      ],
    )
    t.is(seen[1]?.[1].error, failure)
  },
)

test('names that cannot be looked up are told as well, by both doors', async (t) => {
  const seen = watch(t, 'connect.error')
  const hostname = 'nowhere.invalid'
  const engine = new Engine({ io: 'inline' })
  t.teardown(() => engine.close())
  await t.throwsAsync(engine.connect({ hostname, port: 1 }))
  for (const autoSelectFamily of [true, false]) {
    const socket = netConnect({ engine, host: hostname, port: 2, autoSelectFamily })
    await soon(new Promise((resolve) => socket.once('error', resolve)))
  }
  t.deepEqual(
    seen.map(([, { address, port }]) => [address, port]),
    [
      [hostname, 1],
      [hostname, 2],
      [hostname, 2],
    ],
  )
})

underEachDriver('servers and engines are told from begin to end', async (t, make) => {
  const seen = watch(t, 'engine.open', 'engine.close', 'server.listen', 'server.close')
  const engine = make()
  t.true(engines().includes(engine))
  const { server, client, accepted: other } = await linked(engine)
  const closed = server.close()
  await turns()
  // As for who waits for `close`, it is over when its last socket is.
  t.deepEqual(
    seen.map(([name]) => name),
    ['engine.open', 'server.listen'],
  )
  client.socket.terminate()
  await other.saw('close')
  await closed
  await engine.close()
  t.false(engines().includes(engine))
  t.deepEqual(seen, [
    ['engine.open', { engine }],
    ['server.listen', { server }],
    ['server.close', { server }],
    ['engine.close', { engine }],
  ])
})

underEachDriver('handlers that hold the thread are told, with their time', async (t, make) => {
  const seen = watch(t, 'handler.slow')
  const hold = (): void => {
    const end = performance.now() + 15
    while (performance.now() < end);
  }
  const { journal, peer, socket } = await accepted(t, make(), { open: hold, data: hold })
  peer.write(Buffer.from('x'))
  await journal.saw('data')
  const told = (handler: string): Message | undefined =>
    seen.map(([, message]) => message).find((message) => message.handler === handler)
  await until('both are told', () => told('open') !== undefined && told('data') !== undefined)
  for (const handler of ['open', 'data']) {
    t.is(told(handler)?.socket, socket as Socket<unknown>)
    t.true(told(handler)!.milliseconds! >= 15)
  }
})

underEachDriver('a subscriber that throws harms no socket', async (t, make) => {
  const errors: Error[] = []
  const listener = (): never => {
    throw new Error('of a subscriber')
  }
  const names = [...ofSockets, 'server.listen', 'server.close'].map((name) => `mio-js:${name}`)
  for (const name of names) subscribe(name, listener)
  const onError = (error: Error): void => void errors.push(error)
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', onError)
  try {
    const { server, client, accepted: other } = await linked(make())
    client.socket.end('bye')
    await other.saw('close')
    await server.close()
    t.is(String(other.bytes), 'bye')
    await until('all are reported', () => errors.length >= 5)
  } finally {
    for (const name of names) unsubscribe(name, listener)
    process.removeListener('uncaughtException', onError)
    for (const other of before) process.on('uncaughtException', other)
  }
  t.true(errors.every(({ message }) => message === 'of a subscriber'))
})

underEachDriver(
  'stats tell what there is now: sockets, servers, threads',
  async (t, make, driver) => {
    const engine = make()
    const threaded = driver === 'thread' ? 1 : 0
    t.like(engine.stats(), { sockets: 0, servers: 0, threaded })
    const { server, client, accepted: other } = await linked(engine)
    t.like(engine.stats(), { sockets: 2, servers: 1 })
    client.socket.terminate()
    await other.saw('close')
    await client.saw('close')
    t.like(engine.stats(), { sockets: 0, servers: 1 })
    await server.close()
    t.like(engine.stats(), { sockets: 0, servers: 0 })
    await engine.close()
    t.like(engine.stats(), { sockets: 0, servers: 0, threaded: 0 })
  },
)

test('the documentation names every channel, and no other', (t) => {
  const source = readFileSync('src/engine/telemetry.ts', 'utf8')
  const names = [...source.matchAll(/channel\('(mio-js:[^']+)'\)/g)].map(([, name]) => name!)
  t.is(names.length, 9)
  for (const name of names) t.false(channel(name).hasSubscribers, `${name} is watched by nobody`)
  const page = readFileSync('docs/operations.md', 'utf8')
  const documented = [...page.matchAll(/^\| `(mio-js:[^`]+)`/gm)].map(([, name]) => name)
  t.deepEqual(documented.toSorted(), names.toSorted())
})
