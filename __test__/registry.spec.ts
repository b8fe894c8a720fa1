import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { type Events, Interest, type Poll, Registry, TcpStream, Token, Waker } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import {
  BOTH,
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

/** What mio says, and the code that this package gives it. */
const refusals = {
  ERR_SOURCE_ALREADY_REGISTERED: 'I/O source already registered with a `Registry`',
  ERR_SOURCE_NOT_REGISTERED: 'I/O source not registered with `Registry`',
  ERR_SOURCE_REGISTERED_ELSEWHERE: 'I/O source already registered with a different `Registry`',
} as const

function refuses(t: ExecutionContext, code: keyof typeof refusals, operation: () => unknown): void {
  const error = throwsCode(t, code, operation)
  t.is(error.message, refusals[code])
  t.is(error.errno, undefined)
}

/** Asserts that the stream is registered as it was, and that nothing has armed it anew. */
async function isUnchanged(
  t: ExecutionContext,
  { poll, events }: { poll: Poll; events: Events },
  peer: TcpStream,
  token: number,
): Promise<void> {
  noEvent(t, poll, events)
  peer.write(Buffer.from('x'))
  const [event] = await eventsFor(t, poll, events, token)
  t.true(event?.isReadable())
  t.is(events.length, 1)
}

test('registering twice is refused, whatever the Poll, and changes nothing', async (t) => {
  const first = poller(t)
  const second = poller(t)
  const [client, server] = await pair(t)
  watch(first.poll, client, 1)
  await eventsFor(t, first.poll, first.events, 1)
  for (const registry of [
    first.poll.registry,
    first.poll.registry.tryClone(),
    second.poll.registry,
  ]) {
    refuses(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
      registry.register(client, Token(2), Interest.WRITABLE)
    })
    refuses(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
      client.register(registry, Token(1), BOTH)
    })
  }
  noEvent(t, second.poll, second.events)
  await isUnchanged(t, first, server, 1)
})

test('a source that is not registered can be neither reregistered nor deregistered', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  const refused = (): void => {
    refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      poll.registry.reregister(client, Token(1), BOTH)
    })
    refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      client.reregister(poll.registry, Token(1), BOTH)
    })
    refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      poll.registry.deregister(client)
    })
    refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      client.deregister(poll.registry)
    })
  }
  refused()
  noEvent(t, poll, events)
  watch(poll, client, 1)
  await eventsFor(t, poll, events, 1)
  poll.registry.deregister(client)
  refused()
  noEvent(t, poll, events)
})

test('another Poll can neither reregister nor deregister, and nothing changes', async (t) => {
  const first = poller(t)
  const second = poller(t)
  const [client, server] = await pair(t)
  watch(first.poll, client, 1)
  await eventsFor(t, first.poll, first.events, 1)
  refuses(t, 'ERR_SOURCE_REGISTERED_ELSEWHERE', () => {
    second.poll.registry.reregister(client, Token(2), Interest.WRITABLE)
  })
  refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    second.poll.registry.deregister(client)
  })
  noEvent(t, second.poll, second.events)
  await isUnchanged(t, first, server, 1)
  first.poll.registry.deregister(client)
})

test('a deregistered source can be registered again, with the same Poll or another', async (t) => {
  const first = poller(t)
  const second = poller(t)
  const [client] = await pair(t)
  for (const [token, { poll, events }] of [first, first, second, first].entries()) {
    watch(poll, client, token)
    const [event] = await eventsFor(t, poll, events, token)
    t.true(event?.isWritable())
    poll.registry.deregister(client)
  }
  noEvent(t, first.poll, first.events)
  noEvent(t, second.poll, second.events)
})

test('a deregistered source reports nothing more', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  poll.registry.deregister(client)
  server.write(Buffer.from('x'))
  await until('a byte is there', () => client.peek(Buffer.alloc(1)) === 1)
  noEvent(t, poll, events)
})

test('closing a registered source ends its events', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2, Interest.READABLE)
  client.close()
  const [event] = await eventsFor(t, poll, events, 2)
  t.true(event?.isReadable())
  t.is(events.length, 1)
  noEvent(t, poll, events)
})

test('closing ends the events of a connection that a child keeps open', async (t) => {
  if (process.platform === 'win32') {
    t.pass('a socket cannot be inherited by number here')
    return
  }
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1)
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', server.asRawFd()] })
  const gone = once(child, 'close')
  t.teardown(async () => {
    child.kill()
    await gone
  })
  await once(child, 'spawn')
  server.close()
  client.write(Buffer.from('x'))
  noEvent(t, poll, events)
  // The child has the connection still: nothing was reset.
  t.is(client.read(Buffer.alloc(1)), null)
  t.is(client.takeError(), null)
})

test('giving the descriptor away deregisters', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1)
  const windows = process.platform === 'win32'
  const raw = windows ? server.intoRawSocket() : server.intoRawFd()
  const again = closing(t, windows ? TcpStream.fromRawSocket(raw) : TcpStream.fromRawFd(raw))
  client.write(Buffer.from('x'))
  noEvent(t, poll, events)
  refuses(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
    poll.registry.deregister(again)
  })
  watch(poll, again, 2)
  await eventsFor(t, poll, events, 2)
})

test('reregister replaces token and interest, and reports readiness anew', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1, Interest.READABLE)
  noEvent(t, poll, events)
  for (const token of [2, 3, 2]) {
    poll.registry.reregister(client, Token(token), Interest.WRITABLE)
    t.is(poll.poll(events, 1000), 1)
    t.is(events.tokenAt(0), Token(token))
    noEvent(t, poll, events)
  }
  server.write(Buffer.from('x'))
  await until('a byte is there', () => client.peek(Buffer.alloc(1)) === 1)
  noEvent(t, poll, events)
  poll.registry.reregister(client, Token(4), Interest.READABLE)
  const [event] = await eventsFor(t, poll, events, 4)
  t.true(event?.isReadable())
  t.false(event?.isWritable())
})

test('an event has the token of the last registration, even after an aborted wait', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  const byte = Buffer.alloc(1)
  watch(poll, server, 0, Interest.READABLE)
  for (let round = 1; round <= 50; round += 1) {
    const controller = new AbortController()
    const wait = poll.pollAsync(events, { signal: controller.signal })
    client.write(byte)
    // This thread is busy, so the event loop cannot deliver what another thread may find.
    const end = performance.now() + round / 50
    while (performance.now() < end);
    controller.abort()
    await t.throwsAsync(wait, { code: 'ABORT_ERR' })
    poll.registry.reregister(server, Token(round), Interest.READABLE)
    t.is(await poll.pollAsync(events, { timeout: 10_000 }), 1)
    t.is(events.tokenAt(0), Token(round))
    await until('the byte is read', () => server.read(byte) === 1)
    // What was found before and what the system found anew may be two events.
    if (poll.poll(events, 0) !== 0) t.is(events.tokenAt(0), Token(round))
  }
})

test('a stream can be registered before it is connected', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const client = closing(t, TcpStream.connect(server.localAddr()))
  watch(poll, client, 1, Interest.WRITABLE)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event?.isWritable())
  await until('the client is connected', () => client.finishConnect())
  closing(t, await acceptOne(server))
})

test('a clone is a registry of the same Poll', async (t) => {
  const { poll, events } = poller(t)
  const clone = poll.registry.tryClone()
  t.true(clone instanceof Registry)
  t.is(poll.registry, poll.registry)
  const [client] = await pair(t)
  clone.register(client, Token(1), BOTH)
  await eventsFor(t, poll, events, 1)
  poll.registry.reregister(client, Token(2), BOTH)
  clone.tryClone().reregister(client, Token(3), BOTH)
  await eventsFor(t, poll, events, 3)
  poll.registry.deregister(client)
  poll.registry.register(client, Token(4), BOTH)
  clone.deregister(client)
  new Waker(clone, Token(5)).wake()
  await eventsFor(t, poll, events, 5)
  throwsCode(t, 'ERR_WAKER_EXISTS', () => new Waker(poll.registry, Token(6)))
  poll.close()
  throwsCode(t, 'ERR_POLL_CLOSED', () => {
    clone.register(client, Token(1), BOTH)
  })
})

test('registering what is ready ends a wait', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  const wait = poll.pollAsync(events, { timeout: 10_000 })
  await new Promise(setImmediate)
  watch(poll, client, 1)
  t.is(await wait, 1)
  t.is(events.tokenAt(0), Token(1))
})

test('reregistering and deregistering work during a wait', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1, Interest.READABLE)
  watch(poll, server, 2, Interest.READABLE)
  const wait = poll.pollAsync(events, { timeout: 10_000 })
  await new Promise(setImmediate)
  poll.registry.deregister(server)
  client.write(Buffer.from('x'))
  await until('a byte is there', () => server.peek(Buffer.alloc(1)) === 1)
  poll.registry.reregister(client, Token(3), Interest.WRITABLE)
  t.is(await wait, 1)
  t.is(events.tokenAt(0), Token(3))
})

test('a closed source is refused, and so is a closed Poll', async (t) => {
  const { poll } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  watch(poll, server, 2)
  client.close()
  const operations = (source: TcpStream) => [
    () => {
      poll.registry.register(source, Token(3), BOTH)
    },
    () => {
      poll.registry.reregister(source, Token(3), BOTH)
    },
    () => {
      poll.registry.deregister(source)
    },
  ]
  for (const operation of operations(client)) throwsCode(t, 'ERR_SOURCE_CLOSED', operation)
  poll.close()
  for (const operation of operations(server)) throwsCode(t, 'ERR_POLL_CLOSED', operation)
})

test('what is no registry is refused by a source and by a waker', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  for (const value of [
    undefined,
    null,
    0,
    'registry',
    {},
    poll,
    Registry.prototype,
    Object.create(poll.registry),
    Object.setPrototypeOf({}, Registry.prototype),
    new Proxy(poll.registry, {}),
    structuredClone(poll.registry),
  ]) {
    const registry = value as Registry
    for (const operation of [
      () => {
        client.register(registry, Token(1), BOTH)
      },
      () => {
        client.reregister(registry, Token(1), BOTH)
      },
      () => {
        client.deregister(registry)
      },
      () => new Waker(registry, Token(1)),
    ]) {
      t.true(throwsCode(t, 'ERR_INVALID_ARG_TYPE', operation) instanceof TypeError)
    }
    t.throws(
      () => {
        Registry.prototype.register.call(registry, client, Token(1), BOTH)
      },
      { instanceOf: TypeError },
    )
    t.throws(() => Registry.prototype.tryClone.call(registry), { instanceOf: TypeError })
  }
  noEvent(t, poll, events)
})

test('nobody else makes a registry', (t) => {
  const { poll } = poller(t)
  const Open = Registry as unknown as new (...values: unknown[]) => Registry
  for (const values of [[], [poll], [poll, 0], [poll, 0, Symbol('Registry')]]) {
    throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new Open(...values))
  }
  throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new (class extends Open {})(poll, 0))
  t.throws(() => (Registry as unknown as () => void)(), { instanceOf: TypeError })
})
