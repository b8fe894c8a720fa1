/** Random operations on sockets of an engine and their peers, compared with plain JavaScript. */
import type net from 'node:net'
import type { ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import type { Engine, Server } from 'mio-js/engine'
import '../support/census.js'
import { Peer } from '../support/engine-peers.js'
import { type Journal, type Told, noise, serve, turns } from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

const period = 2 ** 17
const once = noise(period, 7)
/** Longer than anything that one direction is given. */
const pattern = Buffer.concat(Array.from({ length: 48 }, () => once))

/** One direction: everything that was written is the next part of the pattern. */
class Direction {
  written = 0

  next(length: number): Buffer {
    const start = this.written
    this.written += length
    return pattern.subarray(start, this.written)
  }

  /** Whether these are the first bytes that were written. */
  begins(received: Buffer): boolean {
    return received.length <= this.written && pattern.subarray(0, received.length).equals(received)
  }
}

/** What is expected of one socket and its peer. */
class Model {
  readonly outgoing = new Direction()
  readonly incoming = new Direction()
  isEnded = false
  isClosed = false
  isPaused = false
  peerEnded = false
  peerIsGone = false
  /** One of them gave up what the other had not received. */
  isTorn = false

  /** The code of the error of `write`, if it must fail, or may. */
  writeFails(): string | undefined {
    if (this.isClosed) return 'ERR_SOCKET_CLOSED'
    return this.isEnded ? 'ERR_STREAM_WRITE_AFTER_END' : undefined
  }
}

interface Pair {
  model: Model
  journal: Journal
  socket: Told
  peer: net.Socket
  received: Buffer[]
  outcome: () => string | undefined
}

const operations = {
  write: (t, { model, socket, journal }, length) => {
    const expected = model.writeFails()
    const before = model.outgoing.written
    let unexpected: string | undefined
    const bytes = model.outgoing.next(length)
    try {
      const isTaken = socket.write(bytes)
      // Of a socket that is gone, and paused before its close, nothing is taken any more.
      const isGone = model.isTorn && !isTaken && socket.bytesWritten === before
      if (isGone) model.outgoing.written = before
      else unexpected = expected
    } catch (error) {
      model.outgoing.written = before
      const { code } = error as NodeJS.ErrnoException
      // The peer may have torn it, which nobody can know before `close`.
      const isTold = journal.count('close') > 0
      t.is(code, isTold ? 'ERR_SOCKET_CLOSED' : expected)
    }
    t.is(unexpected, undefined, 'an error that should have been thrown')
  },
  end: (_, { model, socket }) => {
    socket.end()
    model.isEnded = true
  },
  close: (_, { model, socket }) => {
    socket.close()
    model.isClosed = true
    model.isTorn ||= !model.peerEnded
  },
  terminate: (_, { model, socket }) => {
    socket.terminate()
    model.isClosed = true
    model.isTorn = true
  },
  destroy: (_, { model, socket }) => {
    socket.destroy()
    model.isClosed = true
    model.isTorn = true
  },
  pause: (_, { model, socket }) => {
    socket.pause()
    model.isPaused = true
  },
  resume: (_, { model, socket }) => {
    model.isPaused = false
    socket.resume()
  },
  peerWrite: (_, { model, peer }, length) => {
    if (!model.peerEnded && !model.peerIsGone) peer.write(model.incoming.next(length))
  },
  peerEnd: (_, { model, peer }) => {
    if (!model.peerIsGone) peer.end()
    model.peerEnded = true
  },
  peerReset: (_, { model, peer }) => {
    if (model.peerIsGone) return
    // A Node of today that is told both to end and to reset does neither, and never closes.
    if (model.peerEnded) peer.destroy()
    else peer.resetAndDestroy()
    model.peerIsGone = true
    model.isTorn = true
  },
  peerPause: (_, { peer }) => {
    peer.pause()
  },
  peerResume: (_, { peer }) => {
    peer.resume()
  },
  turn: async (_, __, count) => turns(count % 5),
} as const satisfies Record<string, (t: ExecutionContext, pair: Pair, size: number) => unknown>

type Operation = keyof typeof operations

const weights: Record<Operation, number> = {
  write: 8,
  peerWrite: 8,
  turn: 8,
  pause: 3,
  resume: 4,
  peerPause: 2,
  peerResume: 3,
  end: 1,
  peerEnd: 1,
  close: 1,
  terminate: 1,
  destroy: 1,
  peerReset: 1,
}

const step = fc.tuple(
  fc.oneof(
    ...Object.entries(weights).map(([name, weight]) => ({
      weight,
      arbitrary: fc.constant(name as Operation),
    })),
  ),
  fc.nat(2),
  fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(100_000)),
)

async function pairs(t: ExecutionContext, engine: Engine): Promise<[Pair[], Server]> {
  const { server, port, opened, journals } = serve(
    engine,
    {
      data(socket) {
        const pair = all.find((candidate) => candidate.socket === socket)
        t.not(pair?.model.isPaused, true, 'data while it is paused')
        t.not(pair?.model.isClosed, true, 'data after close')
      },
    },
    { allowHalfOpen: true, maxPending: Infinity },
  )
  const all: Pair[] = []
  for (let n = 0; n < 3; n += 1) {
    const { socket: peer, closed } = await Peer.connect(t, port, false)
    const received: Buffer[] = []
    peer.on('data', (chunk: Buffer) => received.push(chunk))
    let outcome: string | undefined
    void closed.then((code) => (outcome = code ?? 'closed'))
    const { socket } = await opened(n)
    const journal = journals[n]!
    all.push({ model: new Model(), journal, socket, peer, received, outcome: () => outcome })
  }
  return [all, server]
}

function check(t: ExecutionContext, { model, journal, socket, received }: Pair): void {
  const { incoming, outgoing } = model
  t.is(socket.bytesWritten, outgoing.written)
  t.true(incoming.begins(journal.bytes), 'what arrived is what was sent first')
  t.true(outgoing.begins(Buffer.concat(received)), 'what the peer got is what was sent first')
  t.true(socket.bytesRead >= journal.received)
  t.true(socket.bufferedAmount <= outgoing.written)
  t.true(journal.count('end') <= 1)
}

/** Lets everything come to its end, and compares it. */
async function finish(t: ExecutionContext, all: readonly Pair[], server: Server): Promise<void> {
  for (const { model, socket, peer } of all) {
    model.isPaused = false
    socket.resume()
    if (!model.isClosed) socket.end()
    peer.resume()
    if (!model.peerIsGone) peer.end()
  }
  await until('all are closed', () => all.every(({ journal }) => journal.count('close') > 0))
  await until('all peers are closed', () => all.every((pair) => pair.outcome() !== undefined))
  for (const pair of all) {
    const { model, journal, socket } = pair
    check(t, pair)
    t.is(journal.count('close'), 1)
    t.is(journal.events.at(-1), 'close')
    t.is(journal.events[0], 'open')
    t.is(socket.readyState, 'closed')
    t.throws(() => socket.write('x'), { code: 'ERR_SOCKET_CLOSED' })
    if (model.isTorn) continue
    t.is(journal.error, undefined)
    if (!model.isClosed) t.is(journal.received, model.incoming.written, 'everything arrived')
    t.is(Buffer.concat(pair.received).length, model.outgoing.written, 'the peer got everything')
    t.is(pair.outcome(), 'closed')
  }
  t.is(server.connections, 0)
  t.is(server.stats().open, 0)
}

underEachDriver('random operations do what the model says', async (t, make) => {
  const engine = make({ threads: 2 })
  // Not fast-check's own limit, which leaves the last run to itself.
  const end = performance.now() + 4000
  const sequence = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' })
  const property = fc.asyncProperty(sequence, async (steps) => {
    if (performance.now() > end) return
    const [all, server] = await pairs(t, engine)
    try {
      for (const [name, index, size] of steps) {
        const pair = all[index]!
        await operations[name](t, pair, size)
        check(t, pair)
      }
      await finish(t, all, server)
      if (!t.passed) throw new Error('differs from the model')
    } finally {
      server.closeNow()
      for (const { peer } of all) peer.destroy()
      await server.close()
    }
  })
  await fc.assert(property, { numRuns: 100, endOnFailure: true })
  t.pass()
})
