import test from 'ava'
import { Token, Waker } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { BOTH, eventsFor, listener, noEvent, pair, poller, watch } from './support/sockets.js'

const legal = [
  0,
  1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 52,
  2 ** 53 - 2,
  2 ** 53 - 1,
]

const illegal = [
  [-1, 'ERR_OUT_OF_RANGE'],
  [-(2 ** 32), 'ERR_OUT_OF_RANGE'],
  [1.5, 'ERR_OUT_OF_RANGE'],
  [Number.MIN_VALUE, 'ERR_OUT_OF_RANGE'],
  [NaN, 'ERR_OUT_OF_RANGE'],
  [Infinity, 'ERR_OUT_OF_RANGE'],
  [-Infinity, 'ERR_OUT_OF_RANGE'],
  [2 ** 53, 'ERR_OUT_OF_RANGE'],
  [2 ** 64, 'ERR_OUT_OF_RANGE'],
  [5n, 'ERR_INVALID_ARG_TYPE'],
  ['5', 'ERR_INVALID_ARG_TYPE'],
  [Symbol('5'), 'ERR_INVALID_ARG_TYPE'],
  [{ valueOf: () => 5 }, 'ERR_INVALID_ARG_TYPE'],
  [Object(5), 'ERR_INVALID_ARG_TYPE'],
  [() => 5, 'ERR_INVALID_ARG_TYPE'],
  [[5], 'ERR_INVALID_ARG_TYPE'],
  [true, 'ERR_INVALID_ARG_TYPE'],
  [null, 'ERR_INVALID_ARG_TYPE'],
  [undefined, 'ERR_INVALID_ARG_TYPE'],
] as const

test('a token is the safe integer that it is made of', (t) => {
  for (const value of legal) t.is(Token(value), value as Token)
})

test('what is no safe integer of at least 0 is no token', (t) => {
  for (const [value, code] of illegal) {
    const error = throwsCode(t, code, () => Token(value as number))
    t.true(error instanceof (code === 'ERR_OUT_OF_RANGE' ? RangeError : TypeError))
  }
})

test('a registration checks a token that was not made by Token', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  const other = listener(t)
  watch(poll, other, 1)
  for (const [value, code] of illegal) {
    const token = value as Token
    throwsCode(t, code, () => {
      poll.registry.register(client, token, BOTH)
    })
    throwsCode(t, code, () => {
      client.register(poll.registry, token, BOTH)
    })
    throwsCode(t, code, () => {
      poll.registry.reregister(other, token, BOTH)
    })
    throwsCode(t, code, () => {
      other.reregister(poll.registry, token, BOTH)
    })
    throwsCode(t, code, () => new Waker(poll.registry, token))
  }
  noEvent(t, poll, events)
})

test('every token comes back exactly', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  for (const value of legal) {
    watch(poll, client, value)
    t.is(poll.poll(events, 1000), 1)
    t.is(events.tokenAt(0), Token(value))
    t.is([...events][0]?.token, Token(value))
    poll.registry.deregister(client)
  }
})

test('the token of a waker comes back exactly, too', (t) => {
  const { poll, events } = poller(t)
  for (const value of legal) {
    using waker = new Waker(poll.registry, Token(value))
    waker.wake()
    t.is(poll.poll(events, 1000), 1)
    t.is(events.tokenAt(0), Token(value))
  }
})

test('two sources with one token are told apart by what they are', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 5)
  watch(poll, server, 5)
  t.is(poll.poll(events, 1000), 2)
  t.deepEqual([events.tokenAt(0), events.tokenAt(1)], [Token(5), Token(5)])

  client.close()
  t.deepEqual([events.isStale(0), events.isStale(1)].toSorted(), [false, true])

  poll.registry.reregister(server, Token(5), BOTH)
  const [event] = await eventsFor(t, poll, events, 5)
  t.true(event?.isWritable())
  t.false(event?.isStale())
})

test('deregistering one of two sources with one token leaves the other', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 5)
  watch(poll, server, 5)
  poll.registry.deregister(client)
  client.write(Buffer.from('x'))
  const [event] = await eventsFor(t, poll, events, 5)
  t.false(event?.isStale())
  t.is(events.length, 1)
  poll.registry.deregister(server)
  noEvent(t, poll, events)
})

test("a source cannot have the waker's token", async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, Token(5))
  const [client, server] = await pair(t)
  throwsCode(t, 'ERR_TOKEN_IN_USE', () => {
    watch(poll, client, 5)
  })
  watch(poll, server, 6)
  throwsCode(t, 'ERR_TOKEN_IN_USE', () => {
    poll.registry.reregister(server, Token(5), BOTH)
  })
  // Nothing changed: the one is not registered, the other has its token still.
  watch(poll, client, 7)
  const found = await eventsFor(t, poll, events, 6, 7)
  t.deepEqual(
    found.map((event) => event.token),
    [Token(6), Token(7)],
  )
  waker.close()
  poll.registry.reregister(server, Token(5), BOTH)
  await eventsFor(t, poll, events, 5)
})

test('a waker cannot have the token of a source', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 5)
  watch(poll, server, 6)
  throwsCode(t, 'ERR_TOKEN_IN_USE', () => new Waker(poll.registry, Token(5)))
  poll.registry.reregister(client, Token(7), BOTH)
  new Waker(poll.registry, Token(5)).close()
  throwsCode(t, 'ERR_TOKEN_IN_USE', () => new Waker(poll.registry, Token(6)))
  server.close()
  new Waker(poll.registry, Token(6)).wake()
  await eventsFor(t, poll, events, 6, 7)
})

test('two Polls have their tokens for themselves', async (t) => {
  const first = poller(t)
  const second = poller(t)
  const [client, server] = await pair(t)
  watch(first.poll, client, 5)
  new Waker(second.poll.registry, Token(5)).wake()
  new Waker(first.poll.registry, Token(6)).wake()
  watch(second.poll, server, 6)
  const [wake] = await eventsFor(t, second.poll, second.events, 5, 6)
  const [ready] = await eventsFor(t, first.poll, first.events, 5, 6)
  t.false(wake?.isWritable())
  t.true(ready?.isWritable())
})
