/** Sources of the program's own. */
import test from 'ava'
import { Interest, Registry, type Source, TcpStream, Token } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { BOTH, eventsFor, noEvent, pair, poller, watch } from './support/sockets.js'

/** Writes down how it is called. */
class Recorder implements Source {
  readonly calls: unknown[][] = []

  register(...values: unknown[]): void {
    this.calls.push(['register', this, ...values])
  }

  reregister(...values: unknown[]): void {
    this.calls.push(['reregister', this, ...values])
  }

  deregister(...values: unknown[]): void {
    this.calls.push(['deregister', this, ...values])
  }
}

/** Is readable when one stream is, and writable when the other is. */
class Duplex implements Source {
  constructor(
    readonly input: TcpStream,
    readonly output: TcpStream,
  ) {}

  register(registry: Registry, token: Token, interest: Interest): void {
    if (interest.isReadable()) registry.register(this.input, token, Interest.READABLE)
    if (interest.isWritable()) registry.register(this.output, token, Interest.WRITABLE)
  }

  reregister(registry: Registry, token: Token, interest: Interest): void {
    if (interest.isReadable()) registry.reregister(this.input, token, Interest.READABLE)
    if (interest.isWritable()) registry.reregister(this.output, token, Interest.WRITABLE)
  }

  deregister(registry: Registry): void {
    registry.deregister(this.input)
    registry.deregister(this.output)
  }
}

const failing = (error: unknown): Source => {
  const fail = (): never => {
    throw error
  }
  return { register: fail, reregister: fail, deregister: fail }
}

const nonSources: readonly unknown[] = [
  undefined,
  null,
  0,
  'source',
  Symbol('source'),
  {},
  [],
  () => {},
  { register: 1, reregister: {}, deregister: 'x' },
  Interest.READABLE,
]

test('a source gets exactly the arguments that the registry was given', (t) => {
  const { poll } = poller(t)
  const { registry } = poll
  const clone = registry.tryClone()
  const source = new Recorder()
  registry.register(source, Token(1), Interest.READABLE)
  clone.reregister(source, Token(2 ** 53 - 1), BOTH)
  registry.deregister(source)
  const expected = [
    ['register', source, registry, Token(1), Interest.READABLE],
    ['reregister', source, clone, Token(2 ** 53 - 1), BOTH],
    ['deregister', source, registry],
  ]
  t.deepEqual(
    source.calls.map((call) => call.length),
    expected.map((call) => call.length),
  )
  for (const [index, call] of expected.entries()) {
    for (const [place, value] of call.entries()) t.is(source.calls[index]?.[place], value)
  }
})

test('wrong arguments never reach a source', (t) => {
  const { registry } = poller(t).poll
  const source = new Recorder()
  for (const method of ['register', 'reregister'] as const) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
      registry[method](source, -1 as Token, BOTH)
    })
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      registry[method](source, '1' as never, BOTH)
    })
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      registry[method](source, Token(1), 3 as never)
    })
  }
  t.deepEqual(source.calls, [])
})

test('what a source throws passes through', (t) => {
  const { registry } = poller(t).poll
  for (const error of [new RangeError('mine'), { not: 'an error' }, 'text', undefined, null]) {
    const source = failing(error)
    for (const operation of [
      () => {
        registry.register(source, Token(1), BOTH)
      },
      () => {
        registry.reregister(source, Token(1), BOTH)
      },
      () => {
        registry.deregister(source)
      },
    ]) {
      let caught: unknown = operation
      try {
        operation()
      } catch (thrown) {
        caught = thrown
      }
      t.is(caught, error)
    }
  }
})

test('a source made of two streams reports both with its token', async (t) => {
  const { poll, events } = poller(t)
  const [input, peer] = await pair(t)
  const [output] = await pair(t)
  const source = new Duplex(input, output)
  watch(poll, source, 7)
  const [writable] = await eventsFor(t, poll, events, 7)
  t.true(writable?.isWritable())
  t.is(events.length, 1)
  peer.write(Buffer.from('x'))
  const [readable] = await eventsFor(t, poll, events, 7)
  t.true(readable?.isReadable())
  poll.registry.reregister(source, Token(8), BOTH)
  const [event] = await eventsFor(t, poll, events, 8)
  t.false(event?.isStale())
  poll.registry.deregister(source)
  t.true(event?.isStale())
  peer.write(Buffer.from('x'))
  noEvent(t, poll, events)
})

test('a subclass of a stream cannot be made, so no source pretends to be one', (t) => {
  class Mine extends (TcpStream as unknown as new (...values: unknown[]) => TcpStream) {}
  throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new Mine(0))
})

test('what is no source is refused', (t) => {
  const { poll, events } = poller(t)
  for (const value of nonSources) {
    const source = value as Source
    for (const operation of [
      () => {
        poll.registry.register(source, Token(1), BOTH)
      },
      () => {
        poll.registry.reregister(source, Token(1), BOTH)
      },
      () => {
        poll.registry.deregister(source)
      },
    ]) {
      t.true(throwsCode(t, 'ERR_INVALID_ARG_TYPE', operation) instanceof TypeError)
    }
  }
  noEvent(t, poll, events)
})

test('the methods of a stream work on streams alone', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  for (const receiver of [
    {},
    null,
    TcpStream.prototype,
    Object.create(client),
    new Proxy(client, {}),
  ]) {
    const fake = receiver as TcpStream
    const type = { instanceOf: TypeError }
    t.throws(() => {
      TcpStream.prototype.register.call(fake, poll.registry, Token(1), BOTH)
    }, type)
    t.throws(() => {
      TcpStream.prototype.reregister.call(fake, poll.registry, Token(1), BOTH)
    }, type)
    t.throws(() => {
      TcpStream.prototype.deregister.call(fake, poll.registry)
    }, type)
  }
  noEvent(t, poll, events)
})

test('a registry that is none does not reach a source either', (t) => {
  const { poll } = poller(t)
  for (const receiver of [{}, null, Registry.prototype, Object.create(poll.registry)]) {
    const source = new Recorder()
    const fake = receiver as Registry
    const type = { instanceOf: TypeError }
    t.throws(() => {
      Registry.prototype.register.call(fake, source, Token(1), BOTH)
    }, type)
    t.throws(() => {
      Registry.prototype.reregister.call(fake, source, Token(1), BOTH)
    }, type)
    t.throws(() => {
      Registry.prototype.deregister.call(fake, source)
    }, type)
    t.deepEqual(source.calls, [])
  }
})
