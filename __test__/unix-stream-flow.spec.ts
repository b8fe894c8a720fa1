import { createHash, randomBytes } from 'node:crypto'
import { Interest, Shutdown, Token, type UnixStream } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { linux, unix } from './support/platforms.js'
import { eventsFor, noEvent, patience, poller, watch } from './support/sockets.js'
import { makers, readAll, unixPair } from './support/unix.js'

const chunk = Buffer.alloc(64 * 1024, 'mio')

/** Writes until the system takes no more, and returns how much it took. */
function fill(stream: UnixStream): number {
  let total = 0
  for (let count = stream.write(chunk); count !== null; count = stream.write(chunk)) total += count
  return total
}

for (const [name, make] of Object.entries(makers)) {
  const run = name === 'abstract name' ? linux : unix

  run(`${name}: 8 MiB arrive as they were sent, however often the writer waits`, async (t) => {
    const { poll, events } = poller(t)
    const [writer, reader] = make(t)
    const bytes = randomBytes(8 * 1024 * 1024)
    watch(poll, writer, 1, Interest.WRITABLE)
    watch(poll, reader, 2, Interest.READABLE)
    const received = createHash('sha256')
    const buffer = Buffer.alloc(50_000)
    let [written, read, refusals, ended] = [0, 0, 0, false]
    const write = (): void => {
      while (written < bytes.length) {
        const count = writer.write(bytes, written)
        if (count === null) {
          refusals += 1
          return
        }
        written += count
      }
      writer.shutdown(Shutdown.Write)
    }
    while (!ended && (await poll.pollAsync(events, { timeout: patience })) > 0) {
      for (const { token } of events) {
        if (token === Token(1)) {
          if (written < bytes.length) write()
          continue
        }
        for (let count = reader.read(buffer); count !== null; count = reader.read(buffer)) {
          ended = count === 0
          if (ended) break
          received.update(buffer.subarray(0, count))
          read += count
        }
      }
    }
    t.deepEqual({ written, read }, { written: bytes.length, read: bytes.length })
    t.true(refusals > 0)
    t.is(received.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
    // The other direction is open still.
    t.is(reader.write(Buffer.from('thanks')), 6)
    t.deepEqual(readAll(writer), ['thanks', 'null'])
  })
}

unix('a peer that does not read makes write null, and an event comes when it does', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  watch(poll, first, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  const sent = fill(first)
  t.true(sent > 0)
  t.is(first.write(Buffer.from('x')), null)
  t.is(first.writeVectored([Buffer.from('x')]), null)
  noEvent(t, poll, events)
  t.is(readAll(second)[0].length, sent)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isWritable())
  t.is(first.write(Buffer.from('rest')), 4)
})

unix('a stream gives one event for each arrival, and none for what is left', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  watch(poll, second, 1, Interest.READABLE)
  for (let n = 0; n < 5; n += 1) {
    first.write(Buffer.from('abc'))
    t.is(await poll.pollAsync(events, { timeout: patience }), 1)
    t.is(events.tokenAt(0), Token(1))
    t.is(second.read(Buffer.alloc(1)), 1)
    noEvent(t, poll, events)
  }
  t.is(readAll(second)[0].length, 10)
})

unix('the last bytes and the end come together, and are read one after the other', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  first.write(Buffer.from('bye'))
  first.close()
  watch(poll, second, 1, Interest.READABLE)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isReadable())
  t.true(event!.isReadClosed())
  t.deepEqual(readAll(second), ['bye', 'EOF'])
  t.deepEqual(readAll(second), ['', 'EOF'])
  t.is(second.readVectored([Buffer.alloc(1)]), 0)
})

unix('shutdown of writing sends the end after what was written, and leaves reading', (t) => {
  const [first, second] = unixPair(t)
  first.write(Buffer.from('bye'))
  first.shutdown(Shutdown.Write)
  t.deepEqual(readAll(second), ['bye', 'EOF'])
  throwsCode(t, 'EPIPE', () => first.write(Buffer.from('x')))
  throwsCode(t, 'EPIPE', () => first.writeVectored([Buffer.from('x')]))
  t.is(first.read(Buffer.alloc(1)), null)
  t.is(second.write(Buffer.from('still')), 5)
  t.deepEqual(readAll(first), ['still', 'null'])
})

linux('shutdown of reading ends it, and the peer cannot write any more (Linux)', (t) => {
  const [first, second] = unixPair(t)
  first.shutdown(Shutdown.Read)
  t.deepEqual(readAll(first), ['', 'EOF'])
  throwsCode(t, 'EPIPE', () => second.write(Buffer.from('x')))
  t.is(first.write(Buffer.from('x')), 1)
  t.deepEqual(readAll(second), ['x', 'null'])
})

unix('shutdown twice, and from both sides at once, does no harm', (t) => {
  const [first, second] = unixPair(t)
  for (const how of [Shutdown.Write, Shutdown.Write, Shutdown.Read, Shutdown.Both]) {
    first.shutdown(how)
    try {
      second.shutdown(how)
    } catch (error) {
      t.is((error as NodeJS.ErrnoException).code, 'ENOTCONN')
    }
  }
  for (const stream of [first, second]) {
    t.deepEqual(readAll(stream), ['', 'EOF'])
    throwsCode(t, 'EPIPE', () => stream.write(Buffer.from('x')))
  }
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => {
    first.shutdown(3 as never)
  })
})

linux('closing with bytes that were not read is ECONNRESET for the peer, once (Linux)', (t) => {
  for (const make of [makers.pair, makers.path]) {
    const [first, second] = make(t)
    first.write(Buffer.from('unread'))
    second.write(Buffer.from('answer'))
    second.close()
    t.deepEqual(readAll(first), ['answer', 'ECONNRESET'])
    t.deepEqual(readAll(first), ['', 'EOF'])
    throwsCode(t, 'EPIPE', () => first.write(Buffer.from('x')))
    // It was connected, whatever came later.
    t.true(first.finishConnect())
  }
})

linux('takeError tells of unread bytes, once (Linux)', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  watch(poll, first, 1, Interest.READABLE)
  first.write(Buffer.from('unread'))
  second.close()
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isError() || event!.isReadClosed())
  t.like(first.takeError(), { code: 'ECONNRESET', syscall: 'getsockopt' })
  t.is(first.takeError(), null)
})

unix('closing without unread bytes lets the peer read everything', (t) => {
  const [first, second] = unixPair(t)
  const sent = fill(first)
  first.close()
  const [text, end] = readAll(second)
  t.deepEqual([text.length, end], [sent, 'EOF'])
})

unix('writing to a peer that is gone is EPIPE each time', (t) => {
  const [first, second] = unixPair(t)
  second.close()
  for (let n = 0; n < 3; n += 1) {
    const error = throwsCode(t, 'EPIPE', () => first.write(Buffer.from('x')))
    t.is(error.syscall, 'write')
    const other = throwsCode(t, 'EPIPE', () => first.writeVectored([Buffer.from('x')]))
    t.is(other.syscall, 'writev')
  }
})
