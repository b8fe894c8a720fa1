import type { ExecutionContext } from 'ava'
import type { Engine, ListenOptions, Socket } from 'mio-js/engine'
import '../support/census.js'
import { DeafPeer } from '../support/deaf-peer.js'
import { Peer } from '../support/engine-peers.js'
import { type Deferred, deferred, listening, soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

/** Long enough to do something in between, on a busy machine as well. */
const short = 300

/** Much more than the systems of both ends buffer. */
const much = Buffer.alloc(32 * 2 ** 20, 'x')

interface Ended {
  code: string | undefined
  after: number
}

/** A server whose connections can be told from each other, by the port of their peer. */
class Watch {
  readonly #ends = new Map<number, Deferred<Ended>>()
  readonly #opened = new Map<number, Deferred<Socket<number>>>()
  readonly port: number

  constructor(engine: Engine, options: ListenOptions<number>) {
    const { port } = engine.listen<number>({
      hostname: '127.0.0.1',
      data: () => performance.now(),
      ...options,
      socket: {
        ...options.socket,
        open: (socket) => {
          options.socket?.open?.(socket)
          entry(this.#opened, socket.remotePort!).resolve(socket)
        },
        close: (socket, error: NodeJS.ErrnoException | undefined) => {
          const after = performance.now() - socket.data
          entry(this.#ends, socket.remotePort!).resolve({ code: error?.code, after })
        },
      },
    })
    this.port = port!
  }

  async connect(t: ExecutionContext): Promise<Visitor<Peer>> {
    const peer = await Peer.connect(t, this.port)
    return this.#meet(peer, peer.socket.localPort!)
  }

  /** One that does not read. */
  async connectDeaf(t: ExecutionContext): Promise<Visitor<DeafPeer>> {
    const peer = await DeafPeer.connect(t, this.port)
    return this.#meet(peer, peer.port)
  }

  async #meet<P>(peer: P, port: number): Promise<Visitor<P>> {
    const socket = await soon(entry(this.#opened, port).promise, 'a connection opens')
    return new Visitor(peer, socket, entry(this.#ends, port).promise)
  }
}

function entry<T>(map: Map<number, Deferred<T>>, key: number): Deferred<T> {
  const found = map.get(key) ?? deferred<T>()
  map.set(key, found)
  return found
}

/** A peer, and when its socket closes. */
class Visitor<P> {
  hasEnded = false

  constructor(
    readonly peer: P,
    readonly socket: Socket<number>,
    readonly ended: Promise<Ended>,
  ) {
    void ended.then(() => (this.hasEnded = true))
  }
}

/** Calls something again and again while the test runs. */
function always(t: ExecutionContext, operation: () => void): void {
  const timer = setInterval(() => {
    try {
      operation()
    } catch (error) {
      // On a slow machine the limit may have come in between.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_CLOSED') throw error
    }
  }, 10)
  t.teardown(() => {
    clearInterval(timer)
  })
}

underEachDriver(
  'idleTimeout closes where nothing moves, and who only trickles',
  async (t, make) => {
    const engine = make()
    const watch = new Watch(engine, { idleTimeout: short, firstByteTimeout: 0 })
    const [silent, trickling, sending, taking] = await Promise.all(
      [1, 2, 3, 4].map(async () => watch.connect(t)),
    )
    always(t, () => {
      if (!trickling!.hasEnded) trickling!.peer.write('x')
      sending!.peer.write('x'.repeat(64))
      if (taking!.socket.readyState === 'open') taking!.socket.write('x')
    })
    for (const visitor of [silent!, trickling!]) {
      const { code, after } = await soon(visitor.ended)
      t.is(code, 'ERR_IDLE_TIMEOUT')
      t.true(after >= short - 100, `${after} ms`)
      await soon(Promise.race([visitor.peer.ended, visitor.peer.closed]), 'the peer is told')
    }
    t.false(sending!.hasEnded)
    t.false(taking!.hasEnded)
    // Once more, and those who move are still there.
    const late = await watch.connect(t)
    await late.ended
    t.false(sending!.hasEnded)
    t.false(taking!.hasEnded)
    t.is(engine.stats().idleTimeouts, 3)
  },
)

underEachDriver('a peer that takes nothing is idle, whatever is written to it', async (t, make) => {
  const engine = make()
  const watch = new Watch(engine, { idleTimeout: 2 * short, maxPending: Infinity })
  const visitor = await watch.connectDeaf(t)
  visitor.socket.write(much)
  always(t, () => {
    if (visitor.socket.readyState === 'open') visitor.socket.write('more')
  })
  const { code } = await soon(visitor.ended)
  t.is(code, 'ERR_IDLE_TIMEOUT')
  await until('nothing is pending', () => engine.stats().pendingBytes === 0)
  t.is(engine.stats().idleTimeouts, 1)
  // A FIN would say that this is all there was.
  t.is(await visitor.peer.outcome(), 'ECONNRESET')
})

underEachDriver('a limit sends FIN, or RST if bytes are left on either side', async (t, make) => {
  const watch = new Watch(make(), {
    idleTimeout: short,
    socket: {
      data: (socket) => {
        socket.pause()
      },
    },
  })
  const [silent, unread] = [await watch.connectDeaf(t), await watch.connectDeaf(t)]
  unread.peer.write('first')
  await until('it is paused', () => unread.socket.bytesRead > 0)
  unread.peer.write('second')
  t.is((await soon(silent.ended)).code, 'ERR_IDLE_TIMEOUT')
  t.is(await silent.peer.outcome(), 'FIN')
  t.is((await soon(unread.ended)).code, 'ERR_IDLE_TIMEOUT')
  t.is(await unread.peer.outcome(), 'ECONNRESET')
})

underEachDriver('firstByteTimeout closes who never said anything', async (t, make) => {
  const engine = make()
  const watch = new Watch(engine, { firstByteTimeout: short, idleTimeout: 0 })
  const begun = performance.now()
  const [silent, speaking] = await Promise.all([watch.connect(t), watch.connect(t)])
  speaking!.peer.write('x')
  const { code } = await soon(silent!.ended)
  // Not since it was told that it is open, which may be late.
  const after = performance.now() - begun
  t.is(code, 'ERR_FIRST_BYTE_TIMEOUT')
  t.true(after >= short - 10, `${after} ms`)
  // What the program writes is not the peer's first byte.
  const late = await watch.connect(t)
  late.socket.write('hello')
  t.is((await soon(late.ended)).code, 'ERR_FIRST_BYTE_TIMEOUT')
  t.false(speaking!.hasEnded)
  t.like(engine.stats(), { firstByteTimeouts: 2, idleTimeouts: 0 })
})

underEachDriver(
  'a byte that has arrived counts, also while the socket is paused',
  async (t, make) => {
    const watch = new Watch(make(), {
      firstByteTimeout: short,
      idleTimeout: 0,
      socket: {
        open: (socket) => {
          socket.pause()
        },
      },
    })
    const speaking = await watch.connect(t)
    speaking.peer.write('x')
    const silent = await watch.connect(t)
    t.is((await soon(silent.ended)).code, 'ERR_FIRST_BYTE_TIMEOUT')
    t.false(speaking.hasEnded)
  },
)

underEachDriver('Infinity and 0 are no time at all', async (t, make) => {
  const engine = make()
  const visitors: Visitor<Peer>[] = []
  for (const none of [0, Infinity]) {
    const watch = new Watch(engine, { firstByteTimeout: none, idleTimeout: none })
    visitors.push(await watch.connect(t))
  }
  const bounded = await new Watch(engine, { idleTimeout: 100 }).connect(t)
  await soon(bounded.ended)
  for (const visitor of visitors) t.false(visitor.hasEnded)
})

underEachDriver(
  'connected sockets have these limits, too, if they are asked for',
  async (t, make) => {
    const { port } = await listening(t, (socket) => new Peer(t, socket))
    const engine = make()
    for (const [options, code] of [
      [{ idleTimeout: 60 }, 'ERR_IDLE_TIMEOUT'],
      [{ firstByteTimeout: 60 }, 'ERR_FIRST_BYTE_TIMEOUT'],
    ] as const) {
      const { promise, resolve } = deferred<Error | undefined>()
      await engine.connect({
        hostname: '127.0.0.1',
        port,
        ...options,
        socket: {
          close: (_, error) => {
            resolve(error)
          },
        },
      })
      t.like(await soon(promise), { code })
    }
  },
)
