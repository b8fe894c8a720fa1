import { createHash, randomBytes } from 'node:crypto'
import test from 'ava'
import { type Events, Interest, type Poll, Shutdown, type TcpStream, Token } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily } from './support/families.js'
import { nodePair, reset } from './support/node-peer.js'
import { unix } from './support/platforms.js'
import {
  eventsFor,
  noEvent,
  pair,
  patience,
  poller,
  readExactly,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

const chunk = Buffer.alloc(64 * 1024, 'mio')

/** Writes until the system takes no more, and returns how much it took. */
function fill(stream: TcpStream): number {
  let total = 0
  for (let count = stream.write(chunk); count !== null; count = stream.write(chunk)) total += count
  return total
}

/** Reads until nothing is there, and returns how much there was. */
function drain(stream: TcpStream): number {
  const buffer = Buffer.alloc(64 * 1024)
  let total = 0
  for (let count = stream.read(buffer); count !== null && count > 0; count = stream.read(buffer)) {
    total += count
  }
  return total
}

/** Reads to the error or the end: the bytes as text, and the code of the error. */
async function readToTheEnd(stream: TcpStream): Promise<[text: string, code: string]> {
  const buffer = Buffer.alloc(16)
  let text = ''
  let end = ''
  await until('the stream ends', () => {
    try {
      const count = stream.read(buffer)
      if (count === null) return false
      text += buffer.toString('latin1', 0, count)
      if (count === 0) end = 'EOF'
    } catch (error) {
      end = (error as NodeJS.ErrnoException).code ?? String(error)
    }
    return end !== ''
  })
  return [text, end]
}

/** Waits until the stream is known to be at its end or reset, without touching it. */
async function readClosed(poll: Poll, events: Events, token: number): Promise<void> {
  for (;;) {
    if ((await poll.pollAsync(events, { timeout: patience })) === 0) throw new Error('no event')
    for (const event of events) if (event.token === token && event.isReadClosed()) return
  }
}

eachFamily((run, _family, address) => {
  run('8 MiB arrive as they were sent, however often the writer has to wait', async (t) => {
    const { poll, events } = poller(t)
    const [client, server] = await pair(t, address)
    const bytes = randomBytes(8 * 1024 * 1024)
    watch(poll, client, 1, Interest.WRITABLE)
    watch(poll, server, 2, Interest.READABLE)
    const received = createHash('sha256')
    const buffer = Buffer.alloc(50_000)
    let [written, read, refusals, ended] = [0, 0, 0, false]
    while (!ended) {
      if ((await poll.pollAsync(events, { timeout: patience })) === 0) break
      for (const { token } of events) {
        if (token === Token(1)) {
          while (written < bytes.length) {
            const count = client.write(bytes, written)
            if (count === null) {
              refusals += 1
              break
            }
            written += count
          }
          if (written === bytes.length) client.shutdown(Shutdown.Write)
        } else {
          for (;;) {
            const count = server.read(buffer)
            if (count === null) break
            ended = count === 0
            if (ended) break
            received.update(buffer.subarray(0, count))
            read += count
          }
        }
      }
    }
    t.is(written, bytes.length)
    t.is(read, bytes.length)
    // Windows takes a whole buffer, however large.
    t.true(refusals > 0 || process.platform === 'win32')
    t.is(received.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
  })

  run('the end of the stream is 0, as often as it is asked for', async (t) => {
    const { poll, events } = poller(t)
    const [client, server] = await pair(t, address)
    watch(poll, server, 1, Interest.READABLE)
    client.close()
    const [event] = await eventsFor(t, poll, events, 1)
    t.true(event!.isReadable())
    for (let n = 0; n < 3; n += 1) {
      t.is(server.read(Buffer.alloc(8)), 0)
      t.is(server.peek(Buffer.alloc(8)), 0)
      t.is(server.readVectored([Buffer.alloc(0), Buffer.alloc(8)]), 0)
    }
  })
})

test('a peer that does not read makes write null, and an event comes when it does', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  const sent = fill(client)
  t.true(sent > 0)
  t.is(client.write(Buffer.from('x')), null)
  t.is(client.writeVectored([Buffer.from('x')]), null)
  noEvent(t, poll, events)
  let received = 0
  await until('the peer has read it all', () => (received += drain(server)) === sent)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isWritable())
  t.is(client.write(Buffer.from('rest')), 4)
  t.is((await readExactly(server, 4)).toString(), 'rest')
})

unix('a write that does not fit is taken in part', async (t) => {
  const [client, server] = await pair(t)
  const bytes = randomBytes(64 * 1024 * 1024)
  const count = client.write(bytes)
  t.true(count !== null && count > 0 && count < bytes.length)
  client.shutdown(Shutdown.Write)
  t.true((await readExactly(server, bytes.length)).equals(bytes.subarray(0, count!)))
})

unix('a vectored write that does not fit is taken in part, in order', async (t) => {
  const [client, server] = await pair(t)
  const buffers = Array.from({ length: 64 }, () => randomBytes(1024 * 1024))
  const count = client.writeVectored(buffers)
  t.true(count !== null && count > 0 && count < 64 * 1024 * 1024)
  client.shutdown(Shutdown.Write)
  const received = await readExactly(server, 64 * 1024 * 1024)
  t.true(received.equals(Buffer.concat(buffers).subarray(0, count!)))
})

unix('a stream that is not drained gives no second event, until more arrives', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  client.write(Buffer.from('abc'))
  await eventsFor(t, poll, events, 1)
  t.is(server.read(Buffer.alloc(1)), 1)
  noEvent(t, poll, events)
  client.write(Buffer.from('d'))
  await eventsFor(t, poll, events, 1)
  t.is((await readExactly(server, 3)).toString(), 'bcd')
})

test('a stream that was drained gives an event for each arrival', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  for (let n = 0; n < 10; n += 1) {
    client.write(Buffer.from('x'))
    t.is(await poll.pollAsync(events, { timeout: patience }), 1)
    t.is(events.tokenAt(0), Token(1))
    t.is(drain(server), 1)
    noEvent(t, poll, events)
  }
})

unix(
  'the last bytes and the end may come together, and are read one after the other',
  async (t) => {
    const { poll, events } = poller(t)
    const [stream, peer] = await nodePair(t)
    watch(poll, stream, 1, Interest.READABLE)
    peer.end('hello')
    await readClosed(poll, events, 1)
    const buffer = Buffer.alloc(16)
    t.is(stream.read(buffer), 5)
    t.is(buffer.toString('latin1', 0, 5), 'hello')
    t.is(stream.read(buffer), 0)
    t.is(stream.read(buffer), 0)
    t.is(stream.write(Buffer.from('x')), 1)
  },
)

test('shutdown of writing sends the end after what was written, and leaves reading', async (t) => {
  const [client, server] = await pair(t)
  client.write(Buffer.from('bye'))
  client.shutdown(Shutdown.Write)
  t.deepEqual(await readToTheEnd(server), ['bye', 'EOF'])
  throwsCode(t, 'EPIPE', () => client.write(Buffer.from('x')))
  throwsCode(t, 'EPIPE', () => client.writeVectored([Buffer.from('x')]))
  t.is(client.write(Buffer.alloc(0)), 0)
  t.is(client.read(Buffer.alloc(1)), null)
  t.is(server.write(Buffer.from('still')), 5)
  t.is((await readExactly(client, 5)).toString(), 'still')
})

unix('shutdown of reading ends reading after what arrived, and leaves writing', async (t) => {
  const [client, server] = await pair(t)
  server.write(Buffer.from('xkept'))
  await readExactly(client, 1)
  client.shutdown(Shutdown.Read)
  t.deepEqual(await readToTheEnd(client), ['kept', 'EOF'])
  t.is(client.write(Buffer.from('x')), 1)
  t.is((await readExactly(server, 1)).toString(), 'x')
})

test('shutdown of both ends both', async (t) => {
  const [client, server] = await pair(t)
  client.shutdown(Shutdown.Both)
  t.is(client.read(Buffer.alloc(1)), 0)
  throwsCode(t, 'EPIPE', () => client.write(Buffer.from('x')))
  t.deepEqual(await readToTheEnd(server), ['', 'EOF'])
})

test('shutdown twice, and from both sides, does no harm', async (t) => {
  const [client, server] = await pair(t)
  for (const how of [Shutdown.Write, Shutdown.Write, Shutdown.Read, Shutdown.Both]) {
    client.shutdown(how)
  }
  t.deepEqual(await readToTheEnd(server), ['', 'EOF'])
  for (const stream of [server, client]) {
    try {
      stream.shutdown(Shutdown.Both)
    } catch (error) {
      // Both sides have ended, so the connection may be gone.
      t.is((error as NodeJS.ErrnoException).code, 'ENOTCONN')
    }
    t.is(stream.read(Buffer.alloc(1)), 0)
  }
})

unix('a shutdown is an event of this side, too', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  watch(poll, client, 1, Interest.READABLE)
  noEvent(t, poll, events)
  client.shutdown(Shutdown.Read)
  await readClosed(poll, events, 1)
  t.pass()
})

test('what is no Shutdown is refused, and shuts nothing down', async (t) => {
  const [client, server] = await pair(t)
  for (const how of [3, -1, 0.5, NaN, '1', 'Write', 1n, null, undefined, {}, Symbol('s'), true]) {
    const error = throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => {
      client.shutdown(how as never)
    })
    t.true(error instanceof TypeError)
  }
  t.is(client.read(Buffer.alloc(1)), null)
  t.is(client.write(Buffer.from('x')), 1)
  t.is((await readExactly(server, 1)).toString(), 'x')
})

test('a reset after data gives the data or not, then ECONNRESET once', async (t) => {
  const { poll, events } = poller(t)
  const [stream, peer] = await nodePair(t)
  watch(poll, stream, 1)
  peer.write('hello')
  await reset(peer)
  await readClosed(poll, events, 1)
  const [text, code] = await readToTheEnd(stream)
  t.true(text === 'hello' || text === '', text)
  t.is(code, 'ECONNRESET')
  t.is(stream.takeError(), null)
})

unix('takeError tells of a reset, once', async (t) => {
  const { poll, events } = poller(t)
  const [stream, peer] = await nodePair(t)
  watch(poll, stream, 1)
  await reset(peer)
  await readClosed(poll, events, 1)
  t.like(stream.takeError(), { code: 'ECONNRESET', syscall: 'getsockopt' })
  t.is(stream.takeError(), null)
})

unix('writing after a reset is an error each time, and the process lives', async (t) => {
  const { poll, events } = poller(t)
  const [stream, peer] = await nodePair(t)
  watch(poll, stream, 1)
  await reset(peer)
  await readClosed(poll, events, 1)
  throwsCode(t, 'ECONNRESET', () => stream.read(Buffer.alloc(1)))
  for (let n = 0; n < 3; n += 1) {
    t.like(
      throwsCode(t, 'EPIPE', () => stream.write(Buffer.from('x'))),
      { syscall: 'write' },
    )
    t.like(
      throwsCode(t, 'EPIPE', () => stream.writeVectored([Buffer.from('x')])),
      { syscall: 'writev' },
    )
  }
})

test('closing with bytes that were not read resets the connection', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  client.write(Buffer.from('unread'))
  await eventsFor(t, poll, events, 1)
  server.close()
  t.deepEqual(await readToTheEnd(client), ['', 'ECONNRESET'])
})

test('closing without unread bytes lets the peer read everything', async (t) => {
  const [client, server] = await pair(t)
  const sent = fill(client)
  client.close()
  let received = 0
  const buffer = Buffer.alloc(64 * 1024)
  await until('the end is read', () => {
    const count = server.read(buffer)
    received += count ?? 0
    return count === 0
  })
  t.is(received, sent)
})
