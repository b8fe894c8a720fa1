import dns from 'node:dns'
import test from 'ava'
import { type ConnectOptions, Engine, type Socket } from 'mio-js/engine'
import '../support/census.js'
import { Peer, connectError, echo, watched } from '../support/engine-peers.js'
import { listening, soon, underEachDriver } from '../support/engine.js'
import { fullListener } from '../support/full-listener.js'
import { until } from '../support/until.js'

type Assertions = Parameters<typeof listening>[0]

/** Asserts that a connect rejects as every function of Node that was aborted does. */
async function aborts(
  t: Assertions,
  engine: Engine,
  options: ConnectOptions<unknown>,
  reason: unknown,
): Promise<void> {
  const error = await connectError(engine, {
    ...options,
    socket: {
      open: () => {
        t.fail('opened')
      },
      close: () => {
        t.fail('a socket that was never open has no close')
      },
    },
  })
  t.is(error.name, 'AbortError')
  t.is(error.code, 'ABORT_ERR')
  t.is(error.cause, reason)
}

underEachDriver('a signal that is aborted already rejects at once', async (t, make) => {
  const engine = make()
  const { server, port } = await listening(t, (socket) => new Peer(t, socket))
  const mine = new Error('mine')
  const options = { hostname: '127.0.0.1', port, signal: AbortSignal.abort(mine) }
  let made = 0
  await aborts(t, engine, { ...options, data: () => (made += 1) }, mine)
  t.is(made, 0)
  const connections = await new Promise((resolve) => {
    server.getConnections((_, count) => {
      resolve(count)
    })
  })
  t.is(connections, 0)
})

underEachDriver('a signal ends a connect that waits for its peer', async (t, make) => {
  const engine = make()
  const full = await fullListener(t)
  for (const turns of [0, 1, 10]) {
    const controller = new AbortController()
    const rejected = aborts(t, engine, { ...full, signal: controller.signal }, 'mine')
    let turn = 0
    await until('some turns of the loop', () => (turn += 1) > turns)
    controller.abort('mine')
    await rejected
  }
})

underEachDriver('a signal ends a connect that waits for its name', async (t, make) => {
  const engine = make()
  const { port } = await listening(t, (socket) => {
    t.fail('somebody connected')
    socket.destroy()
  })
  const controller = new AbortController()
  const options = { hostname: 'localhost', port, signal: controller.signal }
  const rejected = aborts(t, engine, options, 'mine')
  controller.abort('mine')
  await rejected
  await dns.promises.lookup('localhost')
  t.is(engine.stats().connected, 0)
})

underEachDriver('a signal ends a connect in the turn in which it began', async (t, make) => {
  const engine = make()
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  for (let n = 0; n < 10; n += 1) {
    const controller = new AbortController()
    const options = { hostname: '127.0.0.1', port, signal: controller.signal }
    const rejected = aborts(t, engine, options, 'mine')
    controller.abort('mine')
    await rejected
  }
})

underEachDriver('a signal that comes with the connection is in time, or not', async (t, make) => {
  const engine = make()
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const outcomes = { AbortError: 0, open: 0 }
  // On a busy machine none may be in time for long.
  for (let turns = 0; turns < 30 || (outcomes.open === 0 && turns < 1000); turns += 1) {
    const controller = new AbortController()
    const { closed, handlers } = watched()
    let told = 0
    const connecting = engine.connect({
      hostname: '127.0.0.1',
      port,
      signal: controller.signal,
      socket: {
        ...handlers,
        open: () => {
          told += 1
        },
      },
    })
    let turn = 0
    await until('some turns of the loop', () => (turn += 1) > turns)
    controller.abort()
    try {
      const socket = await soon(connecting)
      outcomes.open += 1
      t.is(told, 1)
      t.is(socket.readyState, 'open')
      socket.terminate()
      t.is((await soon(closed)).error, undefined)
    } catch (error) {
      t.is((error as Error).name, 'AbortError')
      outcomes.AbortError += 1
      t.is(told, 0)
    }
  }
  t.true(outcomes.AbortError > 0 && outcomes.open > 0, JSON.stringify(outcomes))
})

underEachDriver('a signal has no effect once the socket is open', async (t, make) => {
  const server = make().listen({ hostname: '127.0.0.1', socket: echo })
  const controller = new AbortController()
  let received = ''
  const socket = await soon(
    make().connect({
      hostname: '127.0.0.1',
      port: server.port!,
      signal: controller.signal,
      socket: {
        data: (_, chunk) => {
          received += chunk.toString()
        },
      },
    }),
  )
  controller.abort()
  socket.write('still open')
  await until('the echo is back', () => received === 'still open')
  t.is(socket.readyState, 'open')
})

underEachDriver('aborting in open has no effect', async (t, make) => {
  const server = make().listen({ hostname: '127.0.0.1' })
  const controller = new AbortController()
  const options = { hostname: '127.0.0.1', port: server.port!, signal: controller.signal }
  let opened: Socket | undefined
  const socket = await soon(
    make().connect({
      ...options,
      socket: {
        open: (each) => {
          opened = each
          controller.abort()
        },
      },
    }),
  )
  t.is<unknown, unknown>(socket, opened)
  t.is(socket.readyState, 'open')
})

underEachDriver('a connect that is over leaves nothing at its signal', async (t, make) => {
  const engine = make()
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const full = await fullListener(t)
  const { signal } = new AbortController()
  const calls: string[] = []
  for (const name of ['addEventListener', 'removeEventListener'] as const) {
    const original = signal[name].bind(signal) as (...args: unknown[]) => void
    signal[name] = (...args: unknown[]) => {
      calls.push(`${name} ${String(args[0])}`)
      original(...args)
    }
  }
  const both = ['addEventListener abort', 'removeEventListener abort']
  await soon(engine.connect({ hostname: '127.0.0.1', port, signal }))
  t.deepEqual(calls.splice(0), both)
  await connectError(engine, { hostname: '127.0.0.1', port: 1, signal })
  t.deepEqual(calls.splice(0), both)
  await connectError(engine, { ...full, timeout: 20, signal })
  t.deepEqual(calls.splice(0), both)
})

test('the reason of a signal may be anything', async (t) => {
  const engine = new Engine({ io: 'inline' })
  for (const reason of [undefined, null, 0, 'x', Symbol('s'), {}]) {
    const signal = AbortSignal.abort(reason)
    await aborts(t, engine, { hostname: '127.0.0.1', port: 1, signal }, signal.reason)
  }
  await engine.close()
})
