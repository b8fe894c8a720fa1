/** Events whose source is gone: `isStale`, and what later polls must not report. */
import test, { type ExecutionContext } from 'ava'
import { type Event, type Events, Interest, Poll, type TcpListener, Token, TcpStream } from 'mio-js'
import './support/census.js'
import {
  BOTH,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

/** Two sources that are ready in one batch, with tokens 1 and 2. */
async function readyTogether(
  t: ExecutionContext,
  poll: Poll,
  events: Events,
): Promise<{ streams: [TcpStream, TcpStream]; found: [Event, Event]; indices: [number, number] }> {
  const streams = await pair(t)
  watch(poll, streams[0], 1)
  watch(poll, streams[1], 2)
  await until('both are ready in one batch', () => {
    poll.registry.reregister(streams[0], Token(1), BOTH)
    poll.registry.reregister(streams[1], Token(2), BOTH)
    return poll.poll(events, 1000) === 2
  })
  const tokens = [events.tokenAt(0), events.tokenAt(1)]
  const indices: [number, number] = [tokens.indexOf(Token(1)), tokens.indexOf(Token(2))]
  const objects = [...events]
  return { streams, indices, found: [objects[indices[0]]!, objects[indices[1]]!] }
}

/** A listener with the descriptor that was just freed, where descriptors are numbered densely. */
function takeDescriptor(t: ExecutionContext, descriptor: number): TcpListener {
  for (let n = 0; n < 100; n += 1) {
    const source = listener(t)
    if (rawOf(source) === descriptor || process.platform === 'win32') return source
  }
  throw new Error(`nothing takes descriptor ${descriptor}`)
}

function rawOf(source: TcpListener | TcpStream): number {
  return process.platform === 'win32' ? source.asRawSocket() : source.asRawFd()
}

/** Keeps this thread busy for so many milliseconds, while another may find the event. */
function spin(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('no event is stale when its poll returns', async (t) => {
  const { poll, events } = poller(t)
  const { found } = await readyTogether(t, poll, events)
  for (const [index, event] of found.entries()) {
    t.false(event.isStale())
    t.false(events.isStale(index))
  }
})

test('closing another source of the batch makes its event stale', async (t) => {
  const { poll, events } = poller(t)
  const { streams, found, indices } = await readyTogether(t, poll, events)
  streams[1].close()
  t.false(found[0].isStale())
  t.true(found[1].isStale())
  t.false(events.isStale(indices[0]))
  t.true(events.isStale(indices[1]))
  t.is(events.tokenAt(indices[1]), Token(2))
})

test('an event object made after the source is gone is stale as well', async (t) => {
  const { poll, events } = poller(t)
  const { streams, indices } = await readyTogether(t, poll, events)
  streams[1].close()
  t.true([...events][indices[1]]?.isStale())
  t.false([...events][indices[0]]?.isStale())
})

test('a source with the descriptor and the token of another does not get its event', async (t) => {
  const { poll, events } = poller(t)
  const { streams, found, indices } = await readyTogether(t, poll, events)
  const descriptor = rawOf(streams[1])
  streams[1].close()
  const third = takeDescriptor(t, descriptor)
  watch(poll, third, 2)
  t.true(found[1].isStale())
  t.true(events.isStale(indices[1]))

  poll.registry.deregister(streams[0])
  noEvent(t, poll, events)
  t.true(found[1].isStale())

  closing(t, TcpStream.connect(third.localAddr()))
  const [own] = await eventsFor(t, poll, events, 2)
  t.true(own?.isReadable())
  t.false(own?.isStale())
  t.true(found[1].isStale())
})

test('deregistering makes the event stale, and registering again does not revive it', async (t) => {
  const { poll, events } = poller(t)
  const { streams, found, indices } = await readyTogether(t, poll, events)
  poll.registry.deregister(streams[1])
  t.true(found[1].isStale())
  watch(poll, streams[1], 2)
  t.true(found[1].isStale())
  t.true(events.isStale(indices[1]))
  t.false(found[0].isStale())
  const [fresh] = await eventsFor(t, poll, events, 2)
  t.false(fresh?.isStale())
  t.true(found[1].isStale())
})

test('reregistering leaves the event current', async (t) => {
  const { poll, events } = poller(t)
  const { streams, found, indices } = await readyTogether(t, poll, events)
  poll.registry.reregister(streams[1], Token(7), Interest.WRITABLE)
  t.false(found[1].isStale())
  t.false(events.isStale(indices[1]))
  t.is(found[1].token, Token(2))
  streams[1].close()
  t.true(found[1].isStale())
})

test('a register that fails leaves the event current', async (t) => {
  const { poll, events } = poller(t)
  const other = closing(t, new Poll())
  const { streams, found } = await readyTogether(t, poll, events)
  t.throws(() => {
    watch(other, streams[1], 2)
  })
  t.throws(() => {
    other.registry.deregister(streams[1])
  })
  t.false(found[1].isStale())
})

test('all events of a closed Poll are stale', async (t) => {
  const { poll, events } = poller(t)
  const { found } = await readyTogether(t, poll, events)
  poll.close()
  for (const [index, event] of found.entries()) {
    t.true(event.isStale())
    t.true(events.isStale(index))
  }
  // The next Poll may take the place of the closed one.
  const next = closing(t, new Poll())
  const [client] = await pair(t)
  watch(next, client, 1)
  t.true(found[0].isStale())
})

test('a source that moves to another Poll leaves a stale event behind', async (t) => {
  const { poll, events } = poller(t)
  const second = poller(t)
  const { streams, found } = await readyTogether(t, poll, events)
  poll.registry.deregister(streams[1])
  watch(second.poll, streams[1], 2)
  const [moved] = await eventsFor(t, second.poll, second.events, 2)
  t.true(found[1].isStale())
  t.false(moved?.isStale())
})

test('giving the descriptor away makes the event stale', async (t) => {
  const { poll, events } = poller(t)
  const { streams, found } = await readyTogether(t, poll, events)
  const windows = process.platform === 'win32'
  const raw = windows ? streams[1].intoRawSocket() : streams[1].intoRawFd()
  const again = closing(t, windows ? TcpStream.fromRawSocket(raw) : TcpStream.fromRawFd(raw))
  t.true(found[1].isStale())
  watch(poll, again, 2)
  t.true(found[1].isStale())
  const [event] = await eventsFor(t, poll, events, 2)
  t.false(event?.isStale())
})

test('closing a source drops what an aborted wait had found of it', async (t) => {
  const { poll, events } = poller(t)
  for (let round = 0; round < 50; round += 1) {
    const [client, server] = await pair(t)
    watch(poll, server, 1, Interest.READABLE)
    const controller = new AbortController()
    const wait = poll.pollAsync(events, { signal: controller.signal })
    client.write(Buffer.from('x'))
    spin(round / 50)
    controller.abort()
    await t.throwsAsync(wait, { code: 'ABORT_ERR' })
    server.close()
    const successor = listener(t)
    watch(poll, successor, 1)
    t.is(poll.poll(events, 0), 0)
    successor.close()
    client.close()
  }
})
