import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Event, Events, Interest, Poll, Readiness, Shutdown, TcpStream, Token, Waker } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { closing, eventsFor, listener, noEvent, pair, poller, watch } from './support/sockets.js'
import { until } from './support/until.js'

const methods = {
  isReadable: Readiness.READABLE,
  isWritable: Readiness.WRITABLE,
  isError: Readiness.ERROR,
  isReadClosed: Readiness.READ_CLOSED,
  isWriteClosed: Readiness.WRITE_CLOSED,
  isPriority: Readiness.PRIORITY,
  isAio: Readiness.AIO,
  isLio: Readiness.LIO,
} as const

type Method = keyof typeof methods

/**
 * Asserts which methods of an event say yes. On Linux they are known exactly; elsewhere only those
 * that mean the same everywhere count.
 */
function says(t: ExecutionContext, event: Event | undefined, ...expected: Method[]): void {
  const names = Object.keys(methods) as Method[]
  const found = names.filter((name) => event?.[name]())
  if (process.platform === 'linux') t.deepEqual(found, expected)
  else t.true(found.some((name) => expected.includes(name)))
}

test('capacity is what was asked for', (t) => {
  for (const capacity of [1, 2, 1024, 2 ** 20]) {
    const events = Events.withCapacity(capacity)
    t.is(events.capacity, capacity)
    t.is(events.length, 0)
    t.true(events.isEmpty())
    t.deepEqual([...events], [])
  }
})

test('a capacity that is none is refused', (t) => {
  for (const [capacity, code] of [
    [0, 'ERR_OUT_OF_RANGE'],
    [-0, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [2 ** 20 + 1, 'ERR_OUT_OF_RANGE'],
    [2 ** 31, 'ERR_OUT_OF_RANGE'],
    [2 ** 32 + 1, 'ERR_OUT_OF_RANGE'],
    [2 ** 53, 'ERR_OUT_OF_RANGE'],
    [NaN, 'ERR_OUT_OF_RANGE'],
    [Infinity, 'ERR_OUT_OF_RANGE'],
    ['5', 'ERR_INVALID_ARG_TYPE'],
    [5n, 'ERR_INVALID_ARG_TYPE'],
    [[5], 'ERR_INVALID_ARG_TYPE'],
    [{ valueOf: () => 5 }, 'ERR_INVALID_ARG_TYPE'],
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [Symbol('5'), 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    throwsCode(t, code, () => Events.withCapacity(capacity as number))
  }
})

test('nobody else makes Events or an Event', (t) => {
  for (const Class of [Events, Event]) {
    const Open = Class as unknown as new (...values: unknown[]) => object
    for (const values of [[], [1], [1, Symbol('Events')], [1, 1, 1, 1, Symbol('Event')]]) {
      throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new Open(...values))
    }
    throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new (class extends Open {})())
    throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => Reflect.construct(Open, [1], Object) as object)
    t.throws(() => (Open as unknown as () => void)(), { instanceOf: TypeError })
  }
})

test('Events and an Event cannot be used by another receiver', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(poll, client, 1)
  const [event] = await eventsFor(t, poll, events, 1)
  const type = { instanceOf: TypeError }
  for (const receiver of [{}, null, 1, Object.create(events), new Proxy(events, {})]) {
    const fake = receiver as Events
    t.throws(() => Reflect.get(Events.prototype, 'length', fake) as number, type)
    t.throws(() => Events.prototype.isEmpty.call(fake), type)
    t.throws(() => Events.prototype.tokenAt.call(fake, 0), type)
    t.throws(() => Events.prototype.readinessAt.call(fake, 0), type)
    t.throws(() => Events.prototype.isStale.call(fake, 0), type)
    t.throws(() => [...Events.prototype.iter.call(fake)], type)
    t.throws(() => {
      Events.prototype.clear.call(fake)
    }, type)
  }
  for (const receiver of [{}, null, Object.create(event!), structuredClone(event)]) {
    for (const name of Object.keys(methods) as Method[]) {
      t.throws(() => Event.prototype[name].call(receiver as Event), type)
    }
    t.throws(() => Event.prototype.isStale.call(receiver as Event), type)
  }
})

test('length counts the events of the poll, and clear forgets them', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2)
  const count = poll.poll(events, 1000)
  t.is(events.length, count)
  t.false(events.isEmpty())
  events.clear()
  t.is(events.length, 0)
  t.true(events.isEmpty())
  t.deepEqual([...events], [])
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => events.tokenAt(0))
  t.is(events.capacity, 64)
})

test('each poll clears first', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2)
  await eventsFor(t, poll, events, 1, 2)
  t.is(poll.poll(events, 0), 0)
  t.true(events.isEmpty())
  poll.registry.reregister(client, Token(3), Interest.WRITABLE)
  t.is(poll.poll(events, 1000), 1)
  t.is(events.tokenAt(0), Token(3))
  t.is(await poll.pollAsync(events, { timeout: 0 }), 0)
  t.true(events.isEmpty())
})

test('the events of a wait are empty until it is over', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, Token(1))
  waker.wake()
  t.is(poll.poll(events, 0), 1)
  const wait = poll.pollAsync(events)
  t.true(events.isEmpty())
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => events.tokenAt(0))
  t.deepEqual([...events], [])
  waker.wake()
  t.is(await wait, 1)
  t.is(events.length, 1)
})

test('iterating gives each event, as often as one likes, and so does the index', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2)
  const count = poll.poll(events, 1000)
  const objects = [...events]
  t.is(objects.length, count)
  t.deepEqual(
    objects.map((event) => event.token),
    Array.from({ length: count }, (_, index) => events.tokenAt(index)),
  )
  t.deepEqual(
    [...events.iter()].map((event) => event.token),
    objects.map((event) => event.token),
  )
  for (const event of events) t.true(event instanceof Event)
  for (const [index, event] of objects.entries()) {
    for (const [name, bit] of Object.entries(methods)) {
      t.is(event[name as Method](), (events.readinessAt(index) & bit) !== 0, name)
    }
  }
})

test('an index that is not below the length is refused', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(poll, client, 1)
  t.is(poll.poll(events, 1000), 1)
  const getters = [
    (index: number) => events.tokenAt(index),
    (index: number) => events.readinessAt(index),
    (index: number) => events.isStale(index),
  ]
  for (const getter of getters) {
    t.notThrows(() => getter(0))
    for (const index of [-1, 0.5, 1 / 3, 2 / 3, 1, 63, 64, 2 ** 32, NaN, Infinity, -Infinity]) {
      const error = throwsCode(t, 'ERR_OUT_OF_RANGE', () => getter(index))
      t.true(error instanceof RangeError)
    }
    for (const index of ['0', '', 'length', null, undefined, {}, [0], true, 0n, Symbol('0')]) {
      t.throws(() => getter(index as number), { any: true }, String(index))
    }
  }
})

test('an event stays what it was when its Events are used again', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  const [first] = await eventsFor(t, poll, events, 1)
  poll.registry.deregister(client)
  server.write(Buffer.from('x'))
  await until('a byte is there', () => client.peek(Buffer.alloc(1)) === 1)
  watch(poll, client, 2, Interest.READABLE)
  const [second] = await eventsFor(t, poll, events, 2)
  events.clear()
  t.is(first?.token, Token(1))
  says(t, first, 'isWritable')
  t.is(second?.token, Token(2))
  says(t, second, 'isReadable')
})

test('an event shows itself with its token and flags', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  server.write(Buffer.from('x'))
  await until('a byte is there', () => client.peek(Buffer.alloc(1)) === 1)
  watch(poll, client, 3)
  const [event] = await eventsFor(t, poll, events, 3)
  t.regex(inspect(event), /^Event \{ token: 3, (READABLE|WRITABLE|READABLE \| WRITABLE) \}$/)
  if (process.platform === 'linux') t.true(inspect(event).includes('READABLE | WRITABLE'))
  new Waker(poll.registry, Token(4)).wake()
  const [wake] = await eventsFor(t, poll, events, 4)
  t.is(inspect(wake), 'Event { token: 4, READABLE }')
})

test('Readiness has a bit of its own for each flag', (t) => {
  t.true(Object.isFrozen(Readiness))
  const bits = Object.values(Readiness)
  t.is(bits.length, 8)
  t.is(
    bits.reduce<number>((union, bit) => union | bit, 0),
    255,
  )
})

test('a connection that can be written to is writable and nothing else', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(poll, client, 1)
  const [event] = await eventsFor(t, poll, events, 1)
  says(t, event, 'isWritable')
})

test('a listener with a connection is readable and nothing else', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 1)
  noEvent(t, poll, events)
  closing(t, TcpStream.connect(server.localAddr()))
  const [event] = await eventsFor(t, poll, events, 1)
  says(t, event, 'isReadable')
})

test("a peer's FIN is readable and closes reading", async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1)
  await eventsFor(t, poll, events, 1)
  client.shutdown(Shutdown.Write)
  const [event] = await eventsFor(t, poll, events, 1)
  says(t, event, 'isReadable', 'isWritable', 'isReadClosed')
  t.is(server.read(Buffer.alloc(1)), 0)
})

test('reading is closed even if there are bytes before the FIN', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  client.write(Buffer.from('x'))
  client.shutdown(Shutdown.Write)
  await until('the byte is there', () => server.peek(Buffer.alloc(1)) === 1)
  watch(poll, server, 1, Interest.READABLE)
  let closed = false
  while (!closed && process.platform === 'linux') {
    const [event] = await eventsFor(t, poll, events, 1)
    closed = event?.isReadClosed() ?? true
  }
  t.is(server.read(Buffer.alloc(8)), 1)
  t.is(server.read(Buffer.alloc(8)), 0)
})

test('FIN in both directions closes both', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  server.shutdown(Shutdown.Write)
  await until('the FIN is there', () => client.peek(Buffer.alloc(1)) === 0)
  watch(poll, server, 1, Interest.READABLE)
  client.shutdown(Shutdown.Write)
  const [event] = await eventsFor(t, poll, events, 1)
  says(t, event, 'isReadable', 'isReadClosed', 'isWriteClosed')
})

test('a reset is an error, and closes both directions', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  await eventsFor(t, poll, events, 1)
  client.write(Buffer.from('x'))
  await until('the byte is there', () => server.peek(Buffer.alloc(1)) === 1)
  poll.registry.reregister(client, Token(1), Interest.READABLE)
  server.close()
  const [event] = await eventsFor(t, poll, events, 1)
  says(t, event, 'isReadable', 'isError', 'isReadClosed', 'isWriteClosed')
  throwsCode(t, 'ECONNRESET', () => client.read(Buffer.alloc(1)))
})

test('a refused connect is writable, an error, and closed', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const address = server.localAddr()
  server.close()
  const client = closing(t, TcpStream.connect(address))
  watch(poll, client, 1, Interest.WRITABLE)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event?.isWritable())
  says(t, event, 'isWritable', 'isError', 'isReadClosed', 'isWriteClosed')
  throwsCode(t, 'ECONNREFUSED', () => client.finishConnect())
})

test('a wake is readable and nothing else, and never stale', async (t) => {
  const poll = closing(t, new Poll())
  const events = Events.withCapacity(4)
  const waker = new Waker(poll.registry, Token(9))
  waker.wake()
  const [event] = await eventsFor(t, poll, events, 9)
  says(t, event, 'isReadable')
  t.is(events.readinessAt(0), Readiness.READABLE)
  waker.close()
  t.false(event?.isStale())
  poll.close()
  t.false(event?.isStale())
  t.false(events.isStale(0))
})
