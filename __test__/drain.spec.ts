/** `acceptAll` and `readAll`. */
import { createHash, randomBytes } from 'node:crypto'
import test from 'ava'
import { Interest, type SocketAddr, type TcpListener, TcpStream, Token } from 'mio-js'
import { backlogOf } from './support/backlog.js'
import './support/census.js'
import { resizable } from './support/bytes.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { nodePair, reset } from './support/node-peer.js'
import { linux } from './support/platforms.js'
import {
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  patience,
  poller,
  watch,
  writeAll,
} from './support/sockets.js'
import { until } from './support/until.js'

const text = (buffer: Buffer, count: number): string => buffer.toString('latin1', 0, count)

/**
 * A listener with so many connections in its queue. A client may be connected before the last step
 * of it has reached the listener; Linux says how many wait there.
 */
async function queue(
  t: Parameters<typeof listener>[0],
  count: number,
): Promise<[server: TcpListener, clients: SocketAddr[]]> {
  const server = listener(t)
  const clients = []
  for (let n = 0; n < count; n += 1) {
    const client = closing(t, TcpStream.connect(server.localAddr()))
    await until('the client is connected', () => client.finishConnect())
    if (process.platform === 'linux') {
      await until('it waits in the queue', () => backlogOf(server.localAddr().port) === n + 1)
    }
    clients.push(client.localAddr())
  }
  return [server, clients]
}

test('acceptAll gives every connection that waits, in order, and the next one makes an event', async (t) => {
  const { poll, events } = poller(t)
  const [server, clients] = await queue(t, 20)
  watch(poll, server, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  const peers: SocketAddr[] = []
  const onConnection = (stream: TcpStream, address: SocketAddr): void => {
    t.deepEqual(closing(t, stream).peerAddr(), address)
    peers.push(address)
  }
  t.is(server.acceptAll(onConnection), 20)
  t.deepEqual(peers, clients)
  t.is(server.acceptAll(onConnection), 0)
  closing(t, TcpStream.connect(server.localAddr()))
  await eventsFor(t, poll, events, 1)
  t.is(server.acceptAll(onConnection), 1)
})

test('acceptAll stops at false, and nothing but false; it may go on later', async (t) => {
  const [server] = await queue(t, 5)
  const falsy = [undefined, null, 0, '', false, true]
  const onConnection = (stream: TcpStream): unknown => {
    closing(t, stream)
    return falsy.shift()
  }
  t.is(server.acceptAll(onConnection), 5)
  t.is(server.acceptAll(onConnection), 0)
  const [more] = await queue(t, 3)
  for (const left of [3, 2, 1]) {
    const stop = (stream: TcpStream): boolean => {
      stream.close()
      return false
    }
    t.is(more.acceptAll(stop), 1, `${left} wait`)
  }
  t.is(
    more.acceptAll(() => t.fail()),
    0,
  )
})

test('acceptAll ends quietly when the listener is closed, and passes on what is thrown', async (t) => {
  const mine = new Error('mine')
  const [server] = await queue(t, 3)
  const thrown = t.throws(() =>
    server.acceptAll((stream) => {
      stream.close()
      throw mine
    }),
  )
  t.is(thrown, mine)
  t.is(
    server.acceptAll((stream) => {
      stream.close()
      server.close()
    }),
    1,
  )
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => server.acceptAll(() => t.fail()))
})

test('a callback may poll, and close the Poll that brought it here', async (t) => {
  const { poll, events } = poller(t)
  const [server] = await queue(t, 3)
  watch(poll, server, 1, Interest.READABLE)
  const [event] = await eventsFor(t, poll, events, 1)
  let count = 0
  const onConnection = (stream: TcpStream): void => {
    count += 1
    closing(t, stream)
    if (count === 1) {
      watch(poll, stream, 2, Interest.WRITABLE)
      // The events that led here are gone by this.
      t.is(poll.poll(events, patience), 1)
      t.is(events.tokenAt(0), Token(2))
    }
    if (count === 2) poll.close()
    if (count === 3) throwsCode(t, 'ERR_POLL_CLOSED', () => poll.poll(events, 0))
  }
  t.is(server.acceptAll(onConnection), 3)
  t.true(event!.isStale())
  t.is(events.length, 0)
})

test('acceptAll skips connections that died in the queue', (t) => {
  const server = listener(t)
  const aborted = Object.assign(new Error('aborted'), { code: 'ERR_CONNECTION_ABORTED' })
  const stream = {} as TcpStream
  const results: (Error | [TcpStream, SocketAddr] | null)[] = [
    aborted,
    [stream, server.localAddr()],
    aborted,
    aborted,
    [stream, server.localAddr()],
    null,
  ]
  // No system makes them at will, so they come from an heir.
  Object.defineProperty(server, 'accept', {
    value: () => {
      const result = results.shift()
      if (result instanceof Error) throw result
      return result
    },
  })
  let count = 0
  t.is(
    server.acceptAll(() => (count += 1)),
    2,
  )
  t.is(count, 2)
  t.is(results.length, 0)
})

test('acceptAll gives up at the 64th connection in a row that died in the queue', (t) => {
  const server = listener(t)
  const stream = {} as TcpStream
  let calls = 0
  // A filter of system calls that refuses accept takes nothing from the queue.
  Object.defineProperty(server, 'accept', {
    value: () => {
      calls += 1
      if (calls === 64) return [stream, server.localAddr()]
      throw Object.assign(new Error(`${calls}`), { code: 'ERR_CONNECTION_ABORTED' })
    },
  })
  let count = 0
  const error = throwsCode(t, 'ERR_CONNECTION_ABORTED', () => server.acceptAll(() => (count += 1)))
  t.deepEqual([count, calls, error.message], [1, 128, '128'])
})

linux(
  'acceptAll throws EMFILE after those that found room, and the rest wait (Linux)',
  async (t) => {
    const { stdout, stderr, code } = await run('drain-descriptors')
    t.is(code, 0, stderr)
    t.deepEqual(JSON.parse(stdout), { before: 2, code: 'EMFILE', after: 3 })
  },
)

test('readAll reads everything in pieces of the buffer, and null means that an event comes', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  const buffer = Buffer.alloc(4)
  let received = ''
  const onBytes = (count: number): void => {
    received += text(buffer, count)
  }
  for (const message of ['ten bytes!', 'four', 'x']) {
    client.write(Buffer.from(message))
    await eventsFor(t, poll, events, 1)
    t.is(server.readAll(buffer, onBytes), null)
    t.is(received, message)
    received = ''
  }
  t.is(server.readAll(buffer, onBytes), null)
  client.write(Buffer.from('the last'))
  client.close()
  await until('the end is read', () => server.readAll(buffer, onBytes) === true)
  t.is(received, 'the last')
  t.is(server.readAll(buffer, onBytes), true)
})

test('readAll stops at false, and what is left gives no event of its own', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  client.write(Buffer.from('0123456789'))
  await eventsFor(t, poll, events, 1)
  const buffer = Buffer.alloc(4)
  t.is(
    server.readAll(buffer, () => false),
    false,
  )
  noEvent(t, poll, events)
  let rest = ''
  t.is(
    server.readAll(buffer, (count) => {
      rest += text(buffer, count)
    }),
    null,
  )
  t.is(rest, '456789')
})

test('readAll ends quietly when the stream is closed, and passes on what is thrown', async (t) => {
  const [client, server] = await pair(t)
  await writeAll(client, Buffer.from('12345678'))
  const buffer = Buffer.alloc(2)
  await until('bytes are there', () => server.peek(Buffer.alloc(8)) === 8)
  const mine = new Error('mine')
  const thrown = t.throws(() =>
    server.readAll(buffer, () => {
      throw mine
    }),
  )
  t.is(thrown, mine)
  t.is(server.read(buffer), 2)
  t.is(text(buffer, 2), '34')
  t.is(
    server.readAll(buffer, () => {
      server.close()
    }),
    false,
  )
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => server.readAll(buffer, () => t.fail()))
})

test('a buffer without room is refused, and is not taken for the end of the stream', async (t) => {
  const [client, server] = await pair(t)
  await writeAll(client, Buffer.from('12345678'))
  await until('bytes are there', () => server.peek(Buffer.alloc(8)) === 8)
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => server.readAll(Buffer.alloc(0), () => t.fail()))
  const memory = resizable(2, 4)
  const shrinking = new Uint8Array(memory)
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () =>
    server.readAll(shrinking, () => {
      memory.resize(0)
    }),
  )
  const moving = Buffer.from(new ArrayBuffer(2))
  throwsCode(t, 'ERR_BUFFER_DETACHED', () =>
    server.readAll(moving, () => {
      structuredClone(moving.buffer, { transfer: [moving.buffer as ArrayBuffer] })
    }),
  )
  t.is(server.read(Buffer.alloc(8)), 4)
})

test('readAll throws what read throws', async (t) => {
  const [stream, peer] = await nodePair(t)
  await reset(peer)
  throwsCode(t, 'ECONNRESET', () => {
    stream.readAll(Buffer.alloc(8), () => t.fail())
  })
  for (const callback of [undefined, null, {}, 5]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => stream.readAll(Buffer.alloc(1), callback as never))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => listener(t).acceptAll(callback as never))
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => stream.readAll('text' as never, () => true))
})

test('8 MiB arrive by readAll as they were sent, with one look for each event', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  const bytes = randomBytes(8 * 2 ** 20)
  watch(poll, server, 1, Interest.READABLE)
  const received = createHash('sha256')
  const buffer = Buffer.alloc(10_000)
  const send = async (): Promise<void> => {
    await writeAll(client, bytes)
    client.close()
  }
  const sent = send()
  let ended = false
  while (!ended) {
    if ((await poll.pollAsync(events, { timeout: patience })) === 0) break
    ended =
      server.readAll(buffer, (count) => {
        received.update(buffer.subarray(0, count))
      }) === true
  }
  await sent
  t.true(ended)
  t.is(received.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
})
