import { Shutdown } from 'mio-js'
import type { Handlers } from 'mio-js/engine'
import '../support/census.js'
import {
  type Journal,
  type Told,
  accepted,
  noise,
  peerAt,
  readToEnd,
  sameBytes,
  sendLetters,
  turn,
} from '../support/engine-sockets.js'
import { soon, underEachDriver } from '../support/engine.js'
import { streamOf } from '../support/raw.js'
import { readExactly } from '../support/sockets.js'
import { until } from '../support/until.js'

underEachDriver(
  'promises and ticks run between two events of a socket',
  async (t, make, driver) => {
    const log: string[] = []
    const after = (event: string): void => {
      log.push(event)
      queueMicrotask(() => log.push('microtask'))
      process.nextTick(() => {
        log.push('tick')
        queueMicrotask(() => log.push('microtask of a tick'))
      })
      void (async () => {
        for (let n = 0; n < 3; n += 1) await undefined
        log.push('promise')
      })()
    }
    const engine = make()
    const { peer, journal } = await accepted(t, engine, {
      open() {
        after('open')
      },
      data(_, chunk) {
        after(chunk.toString())
      },
      end() {
        after('end')
      },
      close() {
        after('close')
      },
    })
    sendLetters(engine, driver, peer, 'abc')
    await journal.saw('close')
    await turn()
    const between = ['tick', 'microtask', 'promise', 'microtask of a tick'].toSorted()
    const events = ['open', ...(driver === 'thread' ? ['a', 'b', 'c'] : ['abc']), 'end', 'close']
    for (const event of events) {
      const at = log.indexOf(event)
      t.deepEqual(log.slice(at + 1, at + 5).toSorted(), between, `after ${event}`)
    }
    t.is(log.length, events.length * 5)
  },
)

underEachDriver(
  'code that awaits one event after the other misses none',
  async (t, make, driver) => {
    let waiting: ((event: string) => void) | undefined
    const missed: string[] = []
    const tell = (event: string): void => {
      if (waiting === undefined) missed.push(event)
      const resolve = waiting
      waiting = undefined
      resolve?.(event)
    }
    const next = async (): Promise<string> =>
      soon(
        new Promise((resolve) => {
          waiting = resolve
        }),
      )
    const engine = make()
    const { peer } = await accepted(t, engine, {
      data(_, chunk) {
        tell(chunk.toString())
      },
      end() {
        tell('end')
      },
      close() {
        tell('close')
      },
    })
    const program = (async () => {
      const events: string[] = []
      while (events.at(-1) !== 'close') {
        events.push(await next())
        // As much as a program may well do before it waits again.
        await Promise.resolve()
        await new Promise<void>((resolve) => {
          process.nextTick(resolve)
        })
      }
      return events
    })()
    sendLetters(engine, driver, peer, 'abc')
    const expected = driver === 'thread' ? ['a', 'b', 'c'] : ['abc']
    t.deepEqual(await program, [...expected, 'end', 'close'])
    t.deepEqual(missed, [])
  },
)

underEachDriver(
  'handlers are called without this, and what they return is nobody’s affair',
  async (t, make) => {
    const selves: unknown[] = []
    const engine = make()
    function handler(this: unknown): unknown {
      selves.push(this)
      return 'nobody’s affair'
    }
    const server = engine.listen({
      hostname: '127.0.0.1',
      highWaterMark: 0,
      data: handler,
      socket: {
        open(this: unknown, socket) {
          socket.write('x')
          return handler.call(this)
        },
        data: handler,
        drain: handler,
        end: handler,
        close: handler,
      },
    })
    const peer = await peerAt(t, server.port!)
    peer.write(Buffer.from('x'))
    await readExactly(peer, 1)
    peer.shutdown(Shutdown.Write)
    await readToEnd(peer)
    await until('all were called', () => selves.length === 6)
    t.deepEqual(selves, Array(6))
  },
)

async function dispose(socket: Told): Promise<void> {
  try {
    const { fd } = await socket.detach()
    streamOf(fd).close()
  } catch {
    // It was closed before.
  }
}

underEachDriver('no handler is called from within a call of the program’s', async (t, make) => {
  const engine = make()
  let isInside = false
  let told = 0
  const check = (): void => {
    told += 1
    if (isInside) t.fail('a handler was called')
  }
  const inside = (operation: () => unknown): void => {
    isInside = true
    try {
      operation()
    } catch {
      // Some of them must fail; that is not the matter here.
    } finally {
      isInside = false
    }
  }
  const all: Handlers<Journal> = {
    open: check,
    data: check,
    drain: check,
    end: check,
    timeout: check,
    close: check,
  }
  const options = { highWaterMark: 0, maxPending: 100_000 }
  const large = noise(50_000)
  const calls: ((socket: Told, port: number) => unknown)[] = [
    (socket) => socket.write('x'),
    (socket) => socket.write(large),
    (socket) => [socket.write(large), socket.write(large), socket.write(large)],
    (socket) => socket.tryWrite(large),
    (socket) => socket.cork(() => socket.write(large)),
    (socket) => socket.end(large),
    (socket) => socket.shutdown(),
    (socket) => socket.pause().resume(),
    (socket) => socket.setTimeout(1),
    (socket) => [socket.write(large), socket.close()],
    (socket) => [socket.write(large), socket.terminate()],
    async (socket) => dispose(socket),
    (_, port) => engine.listen({ hostname: '127.0.0.1', port: 0 }).closeNow() ?? port,
    (_, port) => void engine.connect({ hostname: '127.0.0.1', port, socket: { open: check } }),
  ]
  for (const call of calls) {
    const { socket, peer, port } = await accepted(t, engine, all, options)
    // Everything there can be to tell: bytes, an end, and soon a reset.
    peer.write(Buffer.from('bytes'))
    peer.shutdown(Shutdown.Write)
    inside(() => call(socket, port))
    peer.close()
    inside(() => call(socket, port))
    await turn()
  }
  const { server } = await accepted(t, engine, all, options)
  inside(() => server.broadcast(large))
  inside(() => server.closeNow())
  await server.close()
  inside(() => void engine.close())
  t.true(told > calls.length)
})

underEachDriver('what is written anywhere leaves without further ado', async (t, make) => {
  const engine = make()
  const places: Readonly<Record<string, (write: () => void) => void>> = {
    'the top level': (write) => write(),
    'a microtask': (write) => queueMicrotask(write),
    'a tick': (write) => process.nextTick(write),
    'a microtask of a tick': (write) => process.nextTick(() => queueMicrotask(write)),
    'a tick of a microtask': (write) => queueMicrotask(() => process.nextTick(write)),
    'a turn': (write) => setImmediate(write),
    'a timer': (write) => setTimeout(write, 1),
    'a chain of promises': (write) => {
      void (async () => {
        for (let n = 0; n < 10; n += 1) await undefined
        write()
      })()
    },
  }
  for (const size of [1, 20_000]) {
    for (const [name, place] of Object.entries(places)) {
      for (const where of ['outside', 'in a handler'] as const) {
        const { socket, peer } = await accepted(t, engine, {
          data(self) {
            place(() => self.write(noise(size)))
          },
        })
        if (where === 'outside') place(() => socket.write(noise(size)))
        else peer.write(Buffer.from('go'))
        sameBytes(t, await readExactly(peer, size), noise(size), `${name}, ${where}`)
        socket.terminate()
      }
    }
  }
})
