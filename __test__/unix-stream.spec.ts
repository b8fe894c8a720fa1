import { once } from 'node:events'
import { readSync } from 'node:fs'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Interest, Shutdown, TcpStream, UnixStream } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { linux, unix } from './support/platforms.js'
import { type Calls, refusesAfterClose, refusesReceivers } from './support/receivers.js'
import { closing, eventsFor, noEvent, pair, poller, watch } from './support/sockets.js'
import { makers, readAll, socketPath, unixCalls, unixListener, unixPair } from './support/unix.js'
import { until } from './support/until.js'

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
