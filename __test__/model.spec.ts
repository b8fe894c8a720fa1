/**
 * Random operations on a listener, two sockets and two Polls, against a model of what is promised.
 * `MODEL_SEED=… MODEL_RUNS=…` repeats or prolongs a run.
 */
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import {
  type Event,
  Events,
  Interest,
  Poll,
  Shutdown,
  TcpListener,
  TcpStream,
  Token,
  Waker,
} from 'mio-js'
import { native } from '#src/binding.js'
import './support/census.js'
import { End, PollModel, type Registered, SourceModel } from './support/model.js'
import { BOTH, patience } from './support/sockets.js'
import { until } from './support/until.js'

const seed = Number(process.env['MODEL_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
const numRuns = Number(process.env['MODEL_RUNS'] ?? 1000)

type Slot = 'listener' | 'client' | 'server'

interface Real {
  source: TcpListener | TcpStream
  model: SourceModel
}

interface RealPoll {
  poll: Poll
  waker: Waker | null
  model: PollModel
}

/** The code of what an operation throws, or `null`; and what it returns. */
function attempt<T>(operation: () => T): { code: string | null; value: T | undefined } {
  try {
    return { code: null, value: operation() }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { code, value: undefined }
  }
}

class World {
  readonly #sockets: Partial<Record<Slot, Real>> = {}
  readonly #polls: RealPoll[] = [0, 1].map((index) => ({
    poll: new Poll(),
    waker: null,
    model: new PollModel(index),
  }))
  readonly #events = Events.withCapacity(16)
  /** All events so far, with the registration that each belongs to; none for a wake. */
  readonly #past: { event: Event; registered: Registered | null }[] = []

  // Sockets

  listen(): void {
    const before = this.#sockets.listener
    if (before !== undefined && !before.model.isClosed) return
    this.#sockets.listener = {
      source: TcpListener.bind('127.0.0.1:0'),
      model: new SourceModel(null),
    }
  }

  async connect(): Promise<void> {
    const { listener, client } = this.#sockets
    if (listener === undefined || listener.model.isClosed) return
    if (client !== undefined && !client.model.isClosed) return
    const source = TcpStream.connect(listener.source.localAddr())
    await until('the client is connected', () => source.finishConnect())
    const [near, far] = End.pair()
    this.#sockets.client = { source, model: new SourceModel(near) }
    listener.model.queue.push(far)
  }

  async accept(): Promise<void> {
    const { listener, server } = this.#sockets
    if (listener === undefined) return
    const { source, model } = listener
    assert(source instanceof TcpListener)
    if (model.isClosed) {
      assert.equal(attempt(() => source.accept()).code, 'ERR_SOURCE_CLOSED')
      return
    }
    if (!model.isReadable) {
      assert.equal(source.accept(), null)
      model.wouldBlock()
      return
    }
    if (server !== undefined && !server.model.isClosed) return
    let accepted: ReturnType<TcpListener['accept']> = null
    await until('a connection waits', () => (accepted = source.accept()) !== null)
    this.#sockets.server = { source: accepted![0], model: new SourceModel(model.queue.shift()!) }
  }

  write(slot: 'client' | 'server', count: number): void {
    const stream = this.#stream(slot)
    if (stream === null) return
    const { source, model, end } = stream
    const before = end.written
    const bytes = end.write(count)
    const { code, value } = attempt(() => source.write(bytes))
    if (model.isClosed) assert.equal(code, 'ERR_SOURCE_CLOSED')
    else if (end.isTorn) assert(code === null || ['EPIPE', 'ECONNRESET'].includes(code), code ?? '')
    else if (end.isShut) assert.equal(code, 'EPIPE')
    else assert.deepEqual({ code, value }, { code: null, value: count })
    if (code !== null) {
      end.written = before
      end.peer.inbox.length -= count
    }
  }

  async read(slot: 'client' | 'server', length: number): Promise<void> {
    const stream = this.#stream(slot)
    if (stream === null) return
    const { source, model, end } = stream
    const buffer = new Uint8Array(length)
    if (model.isClosed) {
      assert.equal(attempt(() => source.read(buffer)).code, 'ERR_SOURCE_CLOSED')
      return
    }
    const expected = Math.min(length, end.inbox.length)
    if (end.isTorn) {
      // A reset may overtake what was sent before; what does come is right.
      await until('something is there', () => {
        const { code, value } = attempt(() => source.read(buffer))
        if (code !== null) assert(['ECONNRESET', 'EPIPE'].includes(code), code)
        if (value === undefined || value === null) return code !== null
        assert(value <= expected)
        assert.deepEqual([...buffer.subarray(0, value)], end.inbox.splice(0, value))
        return true
      })
      return
    }
    if (!end.isReadable) {
      assert.equal(source.read(buffer), null)
      model.wouldBlock()
      return
    }
    await until('all that was sent is there', () => source.peek(buffer) === expected)
    buffer.fill(255)
    assert.equal(source.read(buffer), expected)
    assert.deepEqual([...buffer.subarray(0, expected)], end.inbox.splice(0, expected))
    assert(buffer.subarray(expected).every((byte) => byte === 255))
  }

  shutdown(slot: 'client' | 'server'): void {
    const stream = this.#stream(slot)
    if (stream === null) return
    const { source, model, end } = stream
    const { code } = attempt(() => {
      source.shutdown(Shutdown.Write)
    })
    if (model.isClosed) assert.equal(code, 'ERR_SOURCE_CLOSED')
    else if (end.isShut || end.isTorn) assert(code === null || code === 'ENOTCONN', code ?? '')
    else assert.equal(code, null)
    end.isShut = true
  }

  close(slot: Slot): void {
    const real = this.#sockets[slot]
    real?.source.close()
    real?.model.close()
  }

  // Registrations

  register(slot: Slot, poll: 0 | 1, value: number, interest: Interest): void {
    const [real, at] = [this.#sockets[slot], this.#polls[poll]!]
    if (real === undefined) return
    const token = Token(value)
    const { code } = attempt(() => {
      at.poll.registry.register(real.source, token, interest)
    })
    assert.equal(code, real.model.registerFails(at.model, token))
    if (code === null) real.model.register({ poll, token, interest })
  }

  reregister(slot: Slot, poll: 0 | 1, value: number, interest: Interest): void {
    const [real, at] = [this.#sockets[slot], this.#polls[poll]!]
    if (real === undefined) return
    const token = Token(value)
    const { code } = attempt(() => {
      at.poll.registry.reregister(real.source, token, interest)
    })
    assert.equal(code, real.model.reregisterFails(at.model, token))
    if (code === null) real.model.reregister(token, interest)
  }

  deregister(slot: Slot, poll: 0 | 1): void {
    const [real, at] = [this.#sockets[slot], this.#polls[poll]!]
    if (real === undefined) return
    const { code } = attempt(() => {
      at.poll.registry.deregister(real.source)
    })
    assert.equal(code, real.model.deregisterFails(at.model))
    if (code === null) real.model.registered = null
  }

  // Polls

  wakerOpen(poll: 0 | 1, value: number): void {
    const at = this.#polls[poll]!
    const token = Token(value)
    const isTaken = this.#registeredWith(poll).some(
      ({ model }) => model.registered?.token === token,
    )
    const { code, value: waker } = attempt(() => new Waker(at.poll.registry, token))
    if (at.model.isClosed) assert.equal(code, 'ERR_POLL_CLOSED')
    else if (at.model.waker !== null) assert.equal(code, 'ERR_WAKER_EXISTS')
    else assert.equal(code, isTaken ? 'ERR_TOKEN_IN_USE' : null)
    if (waker === undefined) return
    at.waker = waker
    at.model.waker = token
  }

  wakerClose(poll: 0 | 1): void {
    const at = this.#polls[poll]!
    at.waker?.close()
    at.model.waker = null
    at.model.isWoken = false
  }

  wake(poll: 0 | 1): void {
    const { waker, model } = this.#polls[poll]!
    if (waker === null) return
    const { code } = attempt(() => {
      waker.wake()
    })
    assert.equal(code, model.waker === null ? 'ERR_WAKER_CLOSED' : null)
    if (code === null) model.isWoken = true
  }

  /** Polls, once if nothing is owed, else until everything that is owed has come. */
  async poll(poll: 0 | 1, isAsync: boolean): Promise<void> {
    const { poll: real, model } = this.#polls[poll]!
    if (model.isClosed) {
      assert.equal(attempt(() => real.poll(this.#events, 0)).code, 'ERR_POLL_CLOSED')
      return
    }
    for (;;) {
      const isOwed =
        model.isWoken || this.#registeredWith(poll).some((source) => source.model.isOwed)
      const timeout = isOwed ? patience : 0
      const count = isAsync
        ? await real.pollAsync(this.#events, { timeout })
        : real.poll(this.#events, timeout)
      if (isOwed) assert.notEqual(count, 0, 'an event that is owed did not come')
      this.#check(poll, count)
      if (!isOwed) return
    }
  }

  closePoll(poll: 0 | 1): void {
    for (const { model } of this.#registeredWith(poll)) model.registered = null
    this.#polls[poll]!.poll.close()
    this.#polls[poll]!.model.close()
  }

  /** Compares each event with who is registered. */
  #check(poll: 0 | 1, count: number): void {
    const { model } = this.#polls[poll]!
    assert.equal(this.#events.length, count)
    for (const event of this.#events) {
      assert(!event.isStale())
      if (event.token === model.waker) {
        assert(model.isWoken, 'a wake that nobody made')
        model.isWoken = false
        this.#past.push({ event, registered: null })
        continue
      }
      const sources = this.#registeredWith(poll).filter(
        (source) => source.model.registered?.token === event.token,
      )
      assert.notEqual(sources.length, 0, `an event of nobody: ${event.token}`)
      for (const source of sources) source.model.reported(event.isReadable(), event.isWritable())
      // Which of two with one token it is, only the package knows.
      const [first] = sources
      if (sources.length > 1) continue
      const registered = first!.model.registered!
      this.#past.push({ event, registered })
      if (process.platform === 'win32') continue
      assert(registered.interest.isReadable() || !event.isReadable())
      assert(registered.interest.isWritable() || !event.isWritable())
    }
  }

  /** After each operation: an event is stale exactly when its registration has ended. */
  checkPast(): void {
    const live = new Set(Object.values(this.#sockets).map(({ model }) => model.registered))
    for (const { event, registered } of this.#past) {
      assert.equal(event.isStale(), registered !== null && !live.has(registered))
    }
  }

  /** What was written is what the other side reads. */
  async quiesce(): Promise<void> {
    for (const slot of ['client', 'server'] as const) {
      const stream = this.#stream(slot)
      if (stream === null || stream.model.isClosed || stream.end.isTorn) continue
      while (stream.end.inbox.length > 0) await this.read(slot, 4096)
      assert.equal(stream.source.read(new Uint8Array(1)), stream.end.peer.isShut ? 0 : null)
    }
  }

  end(): void {
    for (const { source } of Object.values(this.#sockets)) source.close()
    for (const { poll } of this.#polls) poll.close()
  }

  #stream(slot: 'client' | 'server'): { source: TcpStream; model: SourceModel; end: End } | null {
    const real = this.#sockets[slot]
    if (real === undefined) return null
    const { source, model } = real
    assert(source instanceof TcpStream && model.end !== null)
    return { source, model, end: model.end }
  }

  #registeredWith(poll: number): Real[] {
    return Object.values(this.#sockets).filter(({ model }) => model.registered?.poll === poll)
  }
}

// Operations

const slot = fc.constantFrom<Slot>('listener', 'client', 'server')
const stream = fc.constantFrom<'client' | 'server'>('client', 'server')
const index = fc.constantFrom<0 | 1>(0, 0, 0, 1)
const token = fc.constantFrom(0, 1, 2 ** 32, 2 ** 53 - 1)
const interest = fc.constantFrom(Interest.READABLE, Interest.WRITABLE, BOTH)
const size = fc.integer({ min: 1, max: 512 })

type Operation = { [K in keyof World]: [K, ...Parameters<World[K]>] }[keyof World]

const operation = fc.oneof<fc.WeightedArbitrary<Operation>[]>(
  { weight: 2, arbitrary: fc.constant(['listen']) },
  { weight: 4, arbitrary: fc.constant(['connect']) },
  { weight: 4, arbitrary: fc.constant(['accept']) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('write'), stream, size) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('read'), stream, size) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('shutdown'), stream) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('close'), slot) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('register'), slot, index, token, interest) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('reregister'), slot, index, token, interest) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('deregister'), slot, index) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wakerOpen'), index, token) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wakerClose'), index) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('wake'), index) },
  { weight: 8, arbitrary: fc.tuple(fc.constant('poll'), index, fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('closePoll'), fc.constant(1)) },
)

const operations = fc.array(operation, { minLength: 1, maxLength: 80, size: 'max' })

/** A connection, so that random operations have something to work on. */
const prologue: Operation[] = [['listen'], ['connect'], ['accept']]

test('sockets and Polls behave as their model', async (t) => {
  t.log(`MODEL_SEED=${seed}`)
  const before = native.census()
  let runs = 0
  const property = fc.asyncProperty(operations, async (random) => {
    const world = new World()
    try {
      for (const [name, ...values] of [...prologue, ...random]) {
        await Reflect.apply(world[name], world, values)
        world.checkPast()
      }
      await world.quiesce()
    } finally {
      world.end()
    }
    assert.equal(native.census(), before)
    runs += 1
  })
  await fc.assert(property, {
    seed,
    numRuns,
    interruptAfterTimeLimit: 12_000,
    includeErrorInReport: true,
  })
  t.log(`${runs} runs`)
  t.true(runs >= Math.min(numRuns, 100), `only ${runs} runs`)
})
