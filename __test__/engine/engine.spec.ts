import test from 'ava'
import * as exported from 'mio-js/engine'
import { Engine, type EngineOptions } from 'mio-js/engine'
import '../support/census.js'
import { echo, meeting } from '../support/engine-peers.js'
import { ioThreads } from '../support/engine-system.js'
import { deferred, drivers, soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { load } from '../support/load.js'
import { linux } from '../support/platforms.js'
import { until } from '../support/until.js'

test('the module exports the names of the API page, and no other', (t) => {
  t.deepEqual(Object.keys(exported).toSorted(), [
    'Engine',
    'Server',
    'Socket',
    'connect',
    'engines',
    'listen',
  ])
})

test('what only an engine makes cannot be constructed', (t) => {
  for (const constructor of [exported.Server, exported.Socket]) {
    for (const args of [[], [{}, {}, Symbol('Server')], [{}, Symbol('Socket')]]) {
      const error = throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () =>
        Reflect.construct(constructor, args),
      )
      t.true(error instanceof TypeError)
    }
  }
  t.throws(() => (Engine as unknown as () => void)(), { instanceOf: TypeError })
})

underEachDriver('a first echo', async (t, make) => {
  const { peer, server } = await meeting(t, make(), { socket: echo })
  t.is(await peer.echoes('hello'), 'hello')
  t.is(server.connections, 1)
})

underEachDriver('several engines of one thread do not disturb each other', async (t, make) => {
  const engines = Array.from({ length: 5 }, () => make())
  const meetings = await Promise.all(
    engines.map(async (engine) => meeting(t, engine, { socket: echo })),
  )
  await engines[0]!.close()
  t.is(await soon(meetings[0]!.peer.closed), 'ECONNRESET')
  for (const [n, { peer }] of meetings.entries()) {
    if (n > 0) t.is(await peer.echoes(`to ${n}`), `to ${n}`)
  }
})

linux('io and threads say how many threads there are', async (t) => {
  t.is(ioThreads(), 0)
  for (const [options, count] of [
    [{ io: 'inline' }, 0],
    [{ io: 'inline', threads: 3 }, 0],
    [{ io: 'thread' }, 1],
    [{ io: 'thread', threads: 3 }, 3],
  ] as const) {
    const engine = new Engine(options)
    await until(`there are ${count} threads`, () => ioThreads() === count)
    await engine.close()
    // Who has joined a thread may still see it for a moment.
    await until(`none is left of ${JSON.stringify(options)}`, () => ioThreads() === 0)
  }
})

/** Runs something with this value of MIO_JS_IO. */
function withIo<T>(value: string | undefined, operation: () => T): T {
  const { MIO_JS_IO: before } = process.env
  if (value === undefined) delete process.env['MIO_JS_IO']
  else process.env['MIO_JS_IO'] = value
  try {
    return operation()
  } finally {
    if (before === undefined) delete process.env['MIO_JS_IO']
    else process.env['MIO_JS_IO'] = before
  }
}

linux('MIO_JS_IO is the default of io, and no more than that', async (t) => {
  for (const [environment, options, count] of [
    ['thread', {}, 1],
    ['inline', {}, 0],
    ['thread', { io: 'inline' }, 0],
    ['inline', { io: 'thread' }, 1],
    ['thread', { io: undefined }, 1],
    [undefined, { io: 'thread' }, 1],
  ] as const) {
    const engine = withIo(environment, () => new Engine(options))
    await until(`${environment}: there are ${count} threads`, () => ioThreads() === count)
    await engine.close()
  }
  for (const wrong of ['', 'Thread', 'threads', '__proto__', 'toString']) {
    const error = throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => withIo(wrong, () => new Engine()))
    t.true(error.message.includes("'inline', 'thread' or 'auto'"), error.message)
  }
  await withIo('nonsense', () => new Engine({ io: 'inline' })).close()
})

linux('an engine that nobody said more about is auto', async (t) => {
  const engine = withIo(undefined, () => new Engine())
  try {
    const moved = deferred()
    const server = engine.listen({
      hostname: '127.0.0.1',
      socket: {
        data: (socket, chunk) => {
          socket.write(chunk)
          if (ioThreads() === 1) moved.resolve()
        },
      },
    })
    t.is(ioThreads(), 0)
    // A busy lane moves, which those of no other kind do.
    const { stop } = load(t, server.port!, 50, 1000)
    await soon(moved.promise, 'the lane has moved')
    await stop()
  } finally {
    await engine.close()
  }
})

const badOptions: [code: string, property: keyof EngineOptions, values: unknown[]][] = [
  ['ERR_INVALID_ARG_VALUE', 'io', ['', 'INLINE', 'uv', 'toString', '__proto__', 'constructor']],
  ['ERR_INVALID_ARG_TYPE', 'io', [null, 0, 1, true, 1n, {}, ['inline'], Symbol('s'), () => 0]],
  ['ERR_OUT_OF_RANGE', 'threads', [0, -1, 65, 1.5, NaN, Infinity, 2 ** 32 + 1, 2 ** 53]],
  ['ERR_INVALID_ARG_TYPE', 'threads', [null, '2', true, 2n, {}, [2], Symbol('s'), () => 2]],
  ['ERR_OUT_OF_RANGE', 'maxPendingTotal', [-1, 1.5, NaN, -Infinity, 2 ** 53]],
  ['ERR_INVALID_ARG_TYPE', 'maxPendingTotal', [null, '1', true, 1n, {}, [1], Symbol('s')]],
]

for (const [code, property, values] of badOptions) {
  test(`options.${property}: what is wrong is ${code}`, (t) => {
    for (const value of values) {
      const error = throwsCode(t, code, () => new Engine({ [property]: value }))
      t.true(error.message.includes(`options.${property}`), error.message)
      t.is(error instanceof RangeError, code === 'ERR_OUT_OF_RANGE')
      t.is(error instanceof TypeError, code !== 'ERR_OUT_OF_RANGE')
    }
  })
}

test('options are an object, or nothing', async (t) => {
  for (const options of [null, 0, 'inline', true, 1n, Symbol('s'), () => {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new Engine(options as never))
  }
  for (const options of [
    undefined,
    {},
    Object.freeze({ io: 'inline' }),
    Object.assign(Object.create(null) as object, { io: 'inline', threads: 2 }),
    { io: undefined, threads: undefined, maxPendingTotal: undefined, unknown: 'x' },
    JSON.parse('{ "__proto__": { "threads": 0 } }') as object,
    { threads: 64, io: 'inline', maxPendingTotal: 0 },
    { maxPendingTotal: Infinity },
  ] as EngineOptions[]) {
    await new Engine(options).close()
  }
})

test('options are read once, from the object itself', async (t) => {
  const reads: string[] = []
  const engine = new Engine(
    new Proxy<EngineOptions>(
      { io: 'inline', threads: 1, maxPendingTotal: 5 },
      {
        get: (target, property) => {
          reads.push(String(property))
          return Reflect.get(target, property) as unknown
        },
      },
    ),
  )
  await engine.close()
  t.deepEqual(reads.toSorted(), ['io', 'maxPendingTotal', 'threads'])
  const inherited = Object.create({ io: 'nonsense', threads: 0, maxPendingTotal: 'x' }) as object
  await new Engine(inherited).close()
  const mine = new Error('mine')
  for (const property of ['io', 'threads', 'maxPendingTotal']) {
    const thrower = Object.defineProperty({}, property, {
      get: () => {
        throw mine
      },
    })
    t.is(
      t.throws(() => new Engine(thrower)),
      mine,
    )
  }
})

for (const io of drivers) {
  test(`${io}: an engine that was never used ends, as often as one likes`, async (t) => {
    for (let n = 0; n < 20; n += 1) await new Engine({ io, threads: 2 }).close()
    await Promise.all(Array.from({ length: 20 }, async () => new Engine({ io }).close()))
    t.pass()
  })
}

underEachDriver('stats counts what happened, also after the end', async (t, make) => {
  const engine = make()
  t.like(engine.stats(), { accepted: 0, connected: 0, closed: 0, bytesRead: 0, bytesWritten: 0 })
  const { peer, server, closed } = await meeting(t, engine, { socket: echo })
  const socket = await engine.connect({ hostname: '127.0.0.1', port: server.port! })
  t.like(engine.stats(), { connected: 1, closed: 0 })
  t.is(await peer.echoes('12345'), '12345')
  await until('all is counted', () => engine.stats().bytesWritten === 5)
  const stats = engine.stats()
  t.like(stats, { accepted: 2, bytesRead: 5, errors: 0, pendingBytes: 0 })
  t.true(stats.turns > 0 && stats.polls > 0)
  t.true(Object.isFrozen(stats))
  for (const [name, value] of Object.entries(stats)) t.true(Number.isSafeInteger(value), name)
  peer.socket.end()
  await soon(closed)
  socket.terminate()
  await soon(server.close())
  await engine.close()
  const last = engine.stats()
  t.like(last, { accepted: 2, connected: 1, closed: 3, bytesRead: 5, bytesWritten: 5 })
  t.deepEqual(engine.stats(), last)
})
