import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { Events, Interest, Poll, TcpStream, Token, UdpSocket, Waker } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { rejectsCode, throwsCode } from './support/errors.js'
import { linux, unix } from './support/platforms.js'
import {
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  patience,
  poller,
  watch,
} from './support/sockets.js'

test('poll without anything registered returns 0 when the time is over, never before', (t) => {
  const { poll, events } = poller(t)
  for (const timeout of [0, 0.0001, 0.1, 1.5, 20]) {
    const start = performance.now()
    t.is(poll.poll(events, timeout), 0)
    t.true(performance.now() - start >= timeout)
  }
})

test('a fraction of a millisecond is waited for, zero is not', (t) => {
  const { poll, events } = poller(t)
  const times = (timeout: number): number[] =>
    Array.from({ length: 20 }, () => {
      const start = performance.now()
      poll.poll(events, timeout)
      return performance.now() - start
    })
  t.true(times(0.1).reduce((sum, time) => sum + time) / 20 > 0.5)
  // Others may have the processor meanwhile, but not each time.
  t.true(Math.min(...times(0)) < 0.5)
})

test('pollAsync never resolves early either', async (t) => {
  const { poll, events } = poller(t)
  for (const timeout of [0, 0.1, 1.5, 20.7]) {
    const start = performance.now()
    t.is(await poll.pollAsync(events, { timeout }), 0)
    t.true(performance.now() - start >= timeout)
  }
})

for (const timeout of [1e12, 2 ** 31, 2 ** 32 + 10, Number.MAX_VALUE, Infinity, null, undefined]) {
  test(`a timeout of ${timeout} neither overflows nor returns early`, async (t) => {
    const { poll, events } = poller(t)
    const waker = new Waker(poll.registry, Token(1))
    const early = Symbol('early')
    const wait = poll.pollAsync(events, { timeout })
    t.is(await Promise.race([wait, delay(30, early)]), early)
    waker.wake()
    t.is(await wait, 1)
    waker.wake()
    t.is(poll.poll(events, timeout), 1)
  })
}

test('a timeout that is no duration is refused', async (t) => {
  const { poll, events } = poller(t)
  for (const [timeout, code] of [
    [NaN, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [-Infinity, 'ERR_OUT_OF_RANGE'],
    ['5', 'ERR_INVALID_ARG_TYPE'],
    [5n, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    throwsCode(t, code, () => poll.poll(events, timeout as number))
    await rejectsCode(t, code, poll.pollAsync(events, { timeout: timeout as number }))
  }
  noEvent(t, poll, events)
})

test('what is no Events is refused', async (t) => {
  const { poll } = poller(t)
  for (const events of [
    undefined,
    null,
    {},
    [],
    new Float64Array(3),
    Object.create(Events.prototype),
  ]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => poll.poll(events as Events, 0))
    await rejectsCode(t, 'ERR_INVALID_ARG_TYPE', poll.pollAsync(events as Events))
  }
})

test('readiness that exists before the registration is reported once', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(poll, client, 7)
  t.is(poll.poll(events, 1000), 1)
  t.is(events.tokenAt(0), Token(7))
  noEvent(t, poll, events)
})

test('pollAsync lets timers and promises run while it waits', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, Token(0))
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
    if (ticks === 3) waker.wake()
  }, 1)
  t.is(await poll.pollAsync(events), 1)
  clearInterval(timer)
  t.true(ticks >= 3)
})

test('pollAsync lets timers run even when something is always ready', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, Token(0))
  const timer = new AbortController()
  setTimeout(() => {
    timer.abort()
  }, 5)
  for (let rounds = 0; !timer.signal.aborted && rounds < 1_000_000; rounds += 1) {
    waker.wake()
    await poll.pollAsync(events)
  }
  t.true(timer.signal.aborted)
})

test('two waits at once, and a poll during a wait, are refused', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, Token(0))
  const wait = poll.pollAsync(events)
  const other = Events.withCapacity(4)
  await rejectsCode(t, 'ERR_INVALID_STATE', poll.pollAsync(other))
  throwsCode(t, 'ERR_INVALID_STATE', () => poll.poll(other, 0))
  throwsCode(t, 'ERR_INVALID_STATE', () => {
    events.clear()
  })
  const second = closing(t, new Poll())
  await rejectsCode(t, 'ERR_INVALID_STATE', second.pollAsync(events))
  throwsCode(t, 'ERR_INVALID_STATE', () => second.poll(events, 0))
  waker.wake()
  t.is(await wait, 1)
  t.is(poll.poll(other, 0), 0)
})

test('an aborted wait rejects with an AbortError, and loses no event', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 3, Interest.READABLE)
  const controller = new AbortController()
  const wait = poll.pollAsync(events, { signal: controller.signal })
  client.write(Buffer.from('x'))
  controller.abort('enough')
  const error = await rejectsCode(t, 'ABORT_ERR', wait)
  t.is(error.name, 'AbortError')
  t.is(error.cause, 'enough')
  t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
  t.is(events.tokenAt(0), Token(3))
})

test('events that arrive around an abort are delivered exactly once', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 3, Interest.READABLE)
  const byte = Buffer.alloc(1)
  for (let n = 0; n < 200; n += 1) {
    const controller = new AbortController()
    const wait = poll.pollAsync(events, { signal: controller.signal }).catch(() => -1)
    if (n % 2 === 0) client.write(byte)
    for (let turns = 0; turns < n % 5; turns += 1) await new Promise(setImmediate)
    controller.abort()
    if (n % 2 === 1) client.write(byte)
    if ((await wait) <= 0) t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
    t.is(server.read(byte), 1)
    t.is(server.read(byte), null)
  }
  noEvent(t, poll, events)
})

test('a signal that is aborted already rejects at once', async (t) => {
  const { poll, events } = poller(t)
  await rejectsCode(t, 'ABORT_ERR', poll.pollAsync(events, { signal: AbortSignal.abort() }))
  t.is(poll.poll(events, 0), 0)
})

test('a Poll can be used right after its wait was aborted, and so can the Events', async (t) => {
  const { poll, events } = poller(t)
  const controller = new AbortController()
  const wait = poll.pollAsync(events, { signal: controller.signal })
  controller.abort()
  t.is(poll.poll(events, 0), 0)
  await rejectsCode(t, 'ABORT_ERR', wait)
})

test('a signal that is none leaves the Poll and the Events as they were', async (t) => {
  const { poll, events } = poller(t)
  const hostile = {
    get aborted(): boolean {
      throw new Error('hostile')
    },
    addEventListener: () => {},
  }
  const error = await t.throwsAsync(poll.pollAsync(events, { signal: hostile as never }))
  t.is(error.message, 'hostile')
  const half = { aborted: false } as AbortSignal
  await rejectsCode(t, 'ERR_INVALID_ARG_TYPE', poll.pollAsync(events, { signal: half }))
  t.is(poll.poll(events, 0), 0)
})

test('options are read from the object itself, and checked', async (t) => {
  const { poll, events } = poller(t)
  for (const options of [null, 5, 'x']) {
    await rejectsCode(t, 'ERR_INVALID_ARG_TYPE', poll.pollAsync(events, options as never))
  }
  await rejectsCode(
    t,
    'ERR_INVALID_ARG_TYPE',
    poll.pollAsync(events, { signal: {} as AbortSignal }),
  )
  const inherited = Object.create({ timeout: 'polluted', signal: 'polluted' }) as object
  const own = Object.assign(inherited, { timeout: 0 })
  t.is(await poll.pollAsync(events, own), 0)
  const bare = Object.assign(Object.create(null) as object, { timeout: 0 })
  t.is(await poll.pollAsync(events, Object.freeze(bare)), 0)
})

test('closing a Poll rejects its wait and makes every method throw', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 1)
  const wait = poll.pollAsync(events)
  poll.close()
  await rejectsCode(t, 'ERR_POLL_CLOSED', wait)
  poll.close()
  poll[Symbol.dispose]()
  throwsCode(t, 'ERR_POLL_CLOSED', () => poll.poll(events, 0))
  await rejectsCode(t, 'ERR_POLL_CLOSED', poll.pollAsync(events))
  if (process.platform !== 'win32') throwsCode(t, 'ERR_POLL_CLOSED', () => poll.asRawFd())
  throwsCode(t, 'ERR_POLL_CLOSED', () => {
    watch(poll, listener(t), 2)
  })
})

test('sources of a closed Poll stay open and can be registered elsewhere', async (t) => {
  const first = new Poll()
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(first, client, 1)
  first.close()
  watch(poll, client, 2)
  await eventsFor(t, poll, events, 2)
  poll.registry.deregister(client)
  t.notThrows(() => {
    client.close()
  })
})

test('a Poll with a thousand sources closes, and they do', (t) => {
  const poll = new Poll()
  const sources = Array.from({ length: 1000 }, () => listener(t))
  for (const [index, source] of sources.entries()) watch(poll, source, index, Interest.READABLE)
  poll.close()
  for (const source of sources) source.close()
  t.pass()
})

test('using closes a Poll', (t) => {
  let escaped: Poll
  {
    using poll = new Poll()
    escaped = poll
  }
  throwsCode(t, 'ERR_POLL_CLOSED', () => escaped.poll(Events.withCapacity(1), 0))
})

test('the selector is a descriptor that turns readable, except on Windows', (t) => {
  const { poll } = poller(t)
  if (process.platform === 'win32') {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => poll.asRawFd())
    return
  }
  const other = poller(t)
  t.true(Number.isInteger(poll.asRawFd()))
  t.not(poll.asRawFd(), other.poll.asRawFd())
  t.is(poll.registry.asRawFd(), poll.asRawFd())
})

for (const program of ['descriptor-of-poll-closed', 'hostile-globals']) {
  unix(`the process survives: ${program}`, async (t) => {
    const { code, signal, stdout, stderr } = await run(program, [], ['--expose-gc'])
    t.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'done\n' }, stderr)
  })
}

linux('a wait that cannot begin rejects, and does not keep the process alive', async (t) => {
  const { code, stdout, stderr } = await run('no-descriptors')
  t.is(code, 0, stderr)
  t.regex(stdout, /^EMFILE \d+\n$/)
  t.true(Number(stdout.split(' ')[1]) < 5000)
})

test('a batch that is full leaves the rest for the next poll', async (t) => {
  const poll = closing(t, new Poll())
  const events = Events.withCapacity(1)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2)
  const tokens = new Set<number>()
  for (let n = 0; n < 2; n += 1) {
    t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
    tokens.add(events.tokenAt(0))
  }
  t.deepEqual(tokens, new Set([1, 2]))
})

test('with room for one event each of a thousand ready sources has its turn', (t) => {
  const { poll } = poller(t)
  const events = Events.withCapacity(1)
  const count = 1000
  // Each can be written to from the beginning, and says so once.
  for (let token = 0; token < count; token += 1) {
    watch(poll, closing(t, UdpSocket.bind('127.0.0.1:0')), token, Interest.WRITABLE)
  }
  const tokens = new Set<number>()
  for (let n = 0; n < count; n += 1) {
    t.is(poll.poll(events, patience), 1)
    tokens.add(events.tokenAt(0))
  }
  t.is(tokens.size, count)
  t.is(poll.poll(events, 0), 0)
})

test('a Poll cannot be used by another receiver, and not be called', (t) => {
  const { poll, events } = poller(t)
  for (const receiver of [
    {},
    null,
    Poll.prototype,
    Object.create(Poll.prototype),
    new Proxy(poll, {}),
  ]) {
    t.throws(() => Poll.prototype.poll.call(receiver as Poll, events, 0), { instanceOf: TypeError })
    t.throws(
      () => {
        Poll.prototype.close.call(receiver as Poll)
      },
      { instanceOf: TypeError },
    )
  }
  t.throws(() => (Poll as unknown as () => void)(), { instanceOf: TypeError })
  t.throws(() => structuredClone(poll).poll(events, 0), { instanceOf: TypeError })
})

test('a subclass works', (t) => {
  class Mine extends Poll {}
  const poll = closing(t, new Mine())
  t.is(poll.poll(Events.withCapacity(1), 0), 0)
})

test('connecting and reading by poll alone, blocking', (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  watch(poll, server, 0, Interest.READABLE)
  const client = closing(t, TcpStream.connect(server.localAddr()))
  t.is(poll.poll(events, 1000), 1)
  const accepted = server.accept()
  t.truthy(accepted)
  const stream = closing(t, accepted![0])
  watch(poll, stream, 1, Interest.READABLE)
  t.true(client.finishConnect())
  client.write(Buffer.from('hello'))
  t.is(poll.poll(events, 1000), 1)
  t.is(events.tokenAt(0), Token(1))
  const buffer = Buffer.alloc(16)
  t.is(stream.read(buffer), 5)
  t.is(stream.read(buffer), null)
})
