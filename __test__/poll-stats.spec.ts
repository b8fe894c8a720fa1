import test from 'ava'
import { Interest, Token, Waker } from 'mio-js'
import './support/census.js'
import { BOTH, closing, pair, poller } from './support/sockets.js'

test('stats of a Poll begin with nothing, and are frozen', (t) => {
  const { poll } = poller(t)
  const stats = poll.stats()
  t.deepEqual(stats, { polls: 0, empty: 0, events: 0, wakes: 0, stale: 0, sources: 0 })
  t.true(Object.isFrozen(stats))
})

test('a poll is counted by what it asked the system, and by what it returned', async (t) => {
  const { poll, events } = poller(t)
  poll.poll(events, 0)
  t.like(poll.stats(), { polls: 1, empty: 1, events: 0 })
  const [client, server] = await pair(t)
  poll.registry.register(client, Token(0), Interest.WRITABLE)
  poll.registry.register(server, Token(1), Interest.WRITABLE)
  t.is(poll.stats().sources, 2)
  t.is(poll.poll(events, 1000), 2)
  t.like(poll.stats(), { polls: 2, empty: 1, events: 2, wakes: 0 })
  poll.registry.deregister(client)
  server.close()
  t.is(poll.stats().sources, 0)
})

test('a wait beside the event loop counts as one that blocks', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  poll.registry.register(client, Token(0), BOTH)
  t.is(await poll.pollAsync(events), 1)
  const { polls, events: returned } = poll.stats()
  t.true(polls >= 1)
  t.is(returned, 1)
})

test('wakes are counted as they are told: several in a row are one event', (t) => {
  const { poll, events } = poller(t)
  const waker = closing(t, new Waker(poll.registry, Token(9)))
  for (let n = 0; n < 3; n += 1) waker.wake()
  t.is(poll.poll(events, 1000), 1)
  t.like(poll.stats(), { events: 1, wakes: 1, sources: 0 })
  waker.wake()
  t.is(poll.poll(events, 1000), 1)
  t.like(poll.stats(), { events: 2, wakes: 2 })
})

test('a Poll that is closed keeps its last counters', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  poll.registry.register(client, Token(0), Interest.WRITABLE)
  poll.poll(events, 1000)
  const last = poll.stats()
  t.like(last, { polls: 1, events: 1, sources: 1 })
  poll.close()
  t.deepEqual(poll.stats(), last)
  // Another one has counters of its own, whatever handle it got.
  const other = poller(t)
  other.poll.poll(events, 0)
  t.deepEqual(poll.stats(), last)
})
