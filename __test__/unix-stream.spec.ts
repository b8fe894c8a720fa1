import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readSync } from 'node:fs'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Interest, Shutdown, TcpStream, Token, UnixStream } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { type Calls, refusesAfterClose, refusesReceivers } from './support/receivers.js'
import { closing, eventsFor, noEvent, pair, patience, poller, watch } from './support/sockets.js'
import {
  freeName,
  linux,
  meeting,
  socketPath,
  unix,
  unixCalls,
  unixListener,
  unixPair,
} from './support/unix.js'
import { until } from './support/until.js'

const chunk = Buffer.alloc(64 * 1024, 'mio')

/** Writes until the system takes no more, and returns how much it took. */
function fill(stream: UnixStream): number {
  let total = 0
  for (let count = stream.write(chunk); count !== null; count = stream.write(chunk)) total += count
  return total
}

/** Reads what is there: the bytes as text, and `EOF`, `null` or the code of an error after them. */
function readAll(stream: UnixStream): [text: string, end: string] {
  const buffer = Buffer.alloc(16)
  let text = ''
  for (;;) {
    try {
      const count = stream.read(buffer)
      if (count === null || count === 0) return [text, count === 0 ? 'EOF' : 'null']
      text += buffer.toString('latin1', 0, count)
    } catch (error) {
      return [text, (error as NodeJS.ErrnoException).code ?? String(error)]
    }
  }
}

/** Each way to come by two ends of a connection. */
const makers = {
  pair: (t: ExecutionContext) => unixPair(t),
  path: (t: ExecutionContext) => meeting(t),
  'abstract name': (t: ExecutionContext) => meeting(t, freeName()),
}

for (const [name, make] of Object.entries(makers)) {
  const run = name === 'abstract name' ? linux : unix

  run(`${name}: what one end writes the other one reads`, (t) => {
    const [first, second] = make(t)
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      t.is(to.read(Buffer.alloc(8)), null)
      t.is(from.write(Buffer.from('hello')), 5)
      from.flush()
      t.deepEqual(readAll(to), ['hello', 'null'])
    }
  })

  run(`${name}: both ends are connected from the start, and know each other`, (t) => {
    const [first, second] = make(t)
    for (const stream of [first, second]) {
      t.true(stream.finishConnect())
      t.is(stream.takeError(), null)
    }
    t.deepEqual(first.localAddr(), second.peerAddr())
    t.deepEqual(first.peerAddr(), second.localAddr())
    t.true(first.localAddr().isUnnamed())
    t.is(second.localAddr().isUnnamed(), name === 'pair')
  })

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

unix('read takes no more than there is room for, and leaves the rest', (t) => {
  const [first, second] = unixPair(t)
  first.write(Buffer.from('abcdef'))
  const buffer = Buffer.alloc(4, '.')
  t.is(second.read(buffer, 1, 2), 2)
  t.is(buffer.toString(), '.ab.')
  t.is(second.read(buffer, 3), 1)
  t.is(buffer.toString(), '.abc')
  t.is(second.read(buffer), 3)
  t.is(buffer.toString(), 'defc')
  t.is(second.read(buffer), null)
})

unix('vectored operations take buffers in order, as far as there are bytes', (t) => {
  const [first, second] = unixPair(t)
  const parts = [Buffer.from('ab'), Buffer.alloc(0), new DataView(Buffer.from('cde').buffer, 0, 0)]
  t.is(first.writeVectored([...parts, Buffer.from('cde')]), 5)
  const room = [Buffer.alloc(1), Buffer.alloc(0), Buffer.alloc(3), Buffer.alloc(8, '.')]
  t.is(second.readVectored(room), 5)
  t.deepEqual(room.map(String), ['a', '', 'bcd', 'e.......'])
  t.is(second.readVectored(room), null)
  t.is(first.writeVectored([]), 0)
  t.is(second.readVectored([Buffer.alloc(0)]), 0)
  const many = Array.from({ length: 1500 }, (_, n) => Buffer.from([n % 251]))
  const count = first.writeVectored(many)!
  t.true(count >= 16 && count <= many.length, `${count}`)
  t.is(readAll(second)[0], Buffer.concat(many).subarray(0, count).toString('latin1'))
})

unix('a read or write of nothing is 0, whatever the state, and is not the end', (t) => {
  const [first, second] = unixPair(t)
  const nothing = Buffer.alloc(0)
  const isNothing = (): void => {
    t.is(first.read(nothing), 0)
    t.is(first.write(nothing), 0)
    t.is(first.readVectored([nothing]), 0)
    t.is(first.writeVectored([nothing]), 0)
  }
  isNothing()
  second.write(Buffer.from('x'))
  isNothing()
  t.is(first.read(Buffer.alloc(4)), 1)
  second.close()
  isNothing()
})

unix('memory that is not the program alone is refused', (t) => {
  const [first, second] = unixPair(t)
  second.write(Buffer.from('kept'))
  const shared = new Uint8Array(new SharedArrayBuffer(4))
  const detached = new Uint8Array(4)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  for (const [code, bad] of [
    ['ERR_INVALID_ARG_TYPE', shared],
    ['ERR_BUFFER_DETACHED', detached],
    ['ERR_INVALID_ARG_TYPE', 'text'],
    ['ERR_INVALID_ARG_TYPE', new ArrayBuffer(4)],
  ] as const) {
    throwsCode(t, code, () => first.read(bad as never))
    throwsCode(t, code, () => first.write(bad as never))
    throwsCode(t, code, () => first.readVectored([bad as never]))
    throwsCode(t, code, () => first.writeVectored([bad as never]))
  }
  for (const [offset, length] of [
    [5, undefined],
    [-1, undefined],
    [0, 5],
    [1.5, 1],
  ]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => first.read(Buffer.alloc(4), offset, length))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => first.write(Buffer.alloc(4), offset, length))
  }
  t.deepEqual(readAll(first), ['kept', 'null'])
  t.deepEqual(readAll(second), ['', 'null'])
})

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

unix('connecting and closing leaves nothing, whether it was accepted or not', (t) => {
  const path = socketPath(t)
  const server = unixListener(t, path)
  for (let n = 0; n < 20; n += 1) {
    const client = UnixStream.connect(path)
    if (n % 2 === 0) server.accept()?.[0].close()
    client.close()
  }
  t.pass()
})

unix('Node listens, and a stream connects to it', async (t) => {
  const path = socketPath(t)
  const theirs = closing(t, net.createServer().listen(path))
  await once(theirs, 'listening')
  const stream = closing(t, UnixStream.connect(path))
  const [socket] = (await once(theirs, 'connection')) as [net.Socket]
  t.teardown(() => {
    socket.destroy()
  })
  stream.write(Buffer.from('ping'))
  stream.shutdown(Shutdown.Write)
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.is(bytes.toString(), 'ping')
  socket.end('pong')
  let text = ''
  await until('the end is there', () => {
    const [more, end] = readAll(stream)
    text += more
    return end === 'EOF'
  })
  t.is(text, 'pong')
})

unix('tryIo gives back what the operation does, and reads by the descriptor', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  for (const result of [5, 0, '', false, undefined, null]) {
    t.is(
      first.tryIo(() => result),
      result,
    )
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => first.tryIo(5 as never))
  watch(poll, second, 1, Interest.READABLE)
  const buffer = Buffer.alloc(8)
  const readRaw = (): number | null =>
    second.tryIo(() => {
      try {
        return readSync(second.asRawFd(), buffer)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null
        throw error
      }
    })
  for (const text of ['one', 'three']) {
    t.is(readRaw(), null)
    first.write(Buffer.from(text))
    await eventsFor(t, poll, events, 1)
    t.is(readRaw(), text.length)
    t.is(buffer.toString('latin1', 0, text.length), text)
  }
})

function calls(t: ExecutionContext): Calls {
  const buffer = Buffer.alloc(1)
  return {
    finishConnect: [],
    read: [buffer],
    write: [buffer],
    readVectored: [[buffer]],
    writeVectored: [[buffer]],
    flush: [],
    shutdown: [0],
    peerAddr: [],
    tryIo: [() => 5],
    ...unixCalls(t),
  }
}

unix('every method of a closed stream throws, and closing again does nothing', (t) => {
  const [stream] = unixPair(t)
  stream.close()
  stream.close()
  stream[Symbol.dispose]()
  refusesAfterClose(t, stream, calls(t))
})

unix('closing a registered stream ends its events', (t) => {
  const { poll, events } = poller(t)
  const [first, second] = unixPair(t)
  watch(poll, first, 1)
  t.is(poll.poll(events, 1000), 1)
  first.close()
  throwsCode(t, 'EPIPE', () => second.write(Buffer.from('x')))
  noEvent(t, poll, events)
})

unix('no method works on another receiver', async (t) => {
  const [first, second] = unixPair(t)
  const listener = unixListener(t)
  refusesReceivers(t, first, listener, { ...calls(t), close: [] })
  t.is(first.write(Buffer.from('x')), 1)
  t.deepEqual(readAll(second), ['x', 'null'])
  const [tcp] = await pair(t)
  for (const operation of [
    () => UnixStream.prototype.peerAddr.call(tcp as never),
    () => UnixStream.prototype.localAddr.call(tcp as never),
    () => UnixStream.prototype.tryIo.call(tcp as never, () => null),
    () => TcpStream.prototype.peerAddr.call(first as never),
    () => TcpStream.prototype.localAddr.call(first as never),
    () => TcpStream.prototype.nodelay.call(first as never),
    () => TcpStream.prototype.ttl.call(first as never),
    () => TcpStream.prototype.peek.call(first as never, Buffer.alloc(1)),
  ]) {
    throwsCode(t, 'ERR_INVALID_THIS', operation)
  }
})

test('a stream is made by connect, pair, accept and fromRawFd alone', (t) => {
  const Constructor = UnixStream as unknown as new (...args: unknown[]) => UnixStream
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(UnixStream, [1], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
})
