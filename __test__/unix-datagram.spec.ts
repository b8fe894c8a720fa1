import { existsSync, readSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  Interest,
  Shutdown,
  TcpListener,
  type UnixAddrInit,
  UnixAddr,
  UnixDatagram,
  UnixStream,
} from 'mio-js'
import './support/census.js'
import { directory } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { linux, unix } from './support/platforms.js'
import { type Calls, refusesAfterClose, refusesReceivers } from './support/receivers.js'
import { closing, eventsFor, noEvent, poller, watch } from './support/sockets.js'
import { datagramPair, freeName, socketPath, unixCalls, unixListener } from './support/unix.js'

/** Receives one datagram as text. */
function receive(socket: UnixDatagram): string | null {
  const buffer = Buffer.alloc(1024)
  const count = socket.recv(buffer)
  return count === null ? null : buffer.toString('latin1', 0, count)
}

function send(socket: UnixDatagram, text: string): number | null {
  return socket.send(Buffer.from(text))
}

/** Sends until the peer's queue is full, and returns how many it took. */
function fill(socket: UnixDatagram, operation = () => send(socket, 'x')): number {
  let count = 0
  while (operation() !== null) {
    count += 1
    if (count > 1_000_000) throw new Error('there is no end')
  }
  return count
}

unix('datagrams of a pair arrive one by one, in order, both ways', (t) => {
  const [first, second] = datagramPair(t)
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    t.is(receive(to), null)
    for (const text of ['a', '', 'bc', 'def']) t.is(send(from, text), text.length)
    for (const text of ['a', '', 'bc', 'def']) t.is(receive(to), text)
    t.is(to.recvFrom(Buffer.alloc(1)), null)
  }
  for (const socket of [first, second]) {
    t.true(socket.localAddr().isUnnamed())
    t.true(socket.peerAddr().isUnnamed())
    t.is(socket.takeError(), null)
  }
})

unix('the count of a datagram that was cut is more than there was room for', (t) => {
  const [first, second] = datagramPair(t)
  const whole = process.platform === 'linux'
  const buffer = Buffer.alloc(8, '.')
  for (const take of [
    (...place: number[]) => second.recv(buffer, ...place),
    (...place: number[]) => second.recvFrom(buffer, ...place)![0],
  ]) {
    for (const text of ['0123456789', '0123456789', '01234567', 'ab', 'next']) send(first, text)
    t.is(take(), whole ? 10 : 9)
    t.is(String(buffer), '01234567')
    buffer.fill('.')
    t.is(take(2, 3), whole ? 10 : 4)
    t.is(String(buffer), '..012...')
    t.is(take(), 8)
    buffer.fill('.')
    t.is(take(6), 2)
    t.is(String(buffer), '......ab')
    t.is(second.recv(Buffer.alloc(0)), whole ? 4 : 1)
    t.is(second.recv(buffer), null)
  }
})

unix('an offset and a length choose what is sent', (t) => {
  const [first, second] = datagramPair(t)
  const path = socketPath(t)
  const receiver = closing(t, UnixDatagram.bind(path))
  const bytes = Buffer.from('abcdef')
  t.is(first.send(bytes, 1), 5)
  t.is(first.send(bytes, 1, 2), 2)
  t.is(first.send(bytes, undefined, 3), 3)
  t.is(first.send(new DataView(bytes.buffer, bytes.byteOffset, 4)), 4)
  for (const text of ['bcdef', 'bc', 'abc', 'abcd']) t.is(receive(second), text)
  const sender = closing(t, UnixDatagram.unbound())
  t.is(sender.sendTo(bytes, path, 1), 5)
  t.is(sender.sendTo(bytes, path, 1, 2), 2)
  t.is(sender.sendTo(bytes, path, undefined, 0), 0)
  for (const text of ['bcdef', 'bc', '']) t.is(receive(receiver), text)
  for (const place of [[7], [-1], [0, 7], [1.5], [5, 2], [NaN]]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => first.send(bytes, ...place))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => sender.sendTo(bytes, path, ...place))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => second.recv(bytes, ...place))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => second.recvFrom(bytes, ...place))
  }
  t.is(receive(second), null)
  t.is(receive(receiver), null)
})

unix('memory that is not the program alone is refused', (t) => {
  const [first, second] = datagramPair(t)
  send(second, 'kept')
  const detached = new Uint8Array(4)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  for (const [code, bad] of [
    ['ERR_INVALID_ARG_TYPE', new Uint8Array(new SharedArrayBuffer(4))],
    ['ERR_BUFFER_DETACHED', detached],
    ['ERR_INVALID_ARG_TYPE', 'text'],
    ['ERR_INVALID_ARG_TYPE', undefined],
    ['ERR_INVALID_ARG_TYPE', [Buffer.alloc(1)]],
  ] as const) {
    throwsCode(t, code, () => first.send(bad as never))
    throwsCode(t, code, () => first.sendTo(bad as never, '/tmp/mio-js-nobody'))
    throwsCode(t, code, () => first.recv(bad as never))
    throwsCode(t, code, () => first.recvFrom(bad as never))
  }
  t.is(receive(first), 'kept')
  t.is(receive(second), null)
})

unix('a datagram to a path comes from the path of its sender, and is answered', (t) => {
  const folder = directory(t)
  const server = closing(t, UnixDatagram.bind(join(folder, 'server')))
  const client = closing(t, UnixDatagram.bind(Buffer.from(join(folder, 'client'))))
  t.is(client.localAddr().path, join(folder, 'client'))
  t.is(client.sendTo(Buffer.from('ping'), server.localAddr()), 4)
  const [count, from] = server.recvFrom(Buffer.alloc(8))!
  t.is(count, 4)
  t.deepEqual(from, client.localAddr())
  t.is(server.sendTo(Buffer.from('pong!'), from), 5)
  t.deepEqual(client.recvFrom(Buffer.alloc(8)), [5, server.localAddr()])
  const nobody = closing(t, UnixDatagram.unbound())
  t.is(nobody.sendTo(Buffer.from('x'), join(folder, 'server')), 1)
  const [, unnamed] = server.recvFrom(Buffer.alloc(8))!
  t.true(unnamed.isUnnamed())
  t.true(nobody.localAddr().isUnnamed())
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => server.sendTo(Buffer.from('x'), unnamed))
})

linux('abstract names are bound, sent to, connected to and told (Linux)', (t) => {
  const [ours, theirs] = [freeName(), freeName()]
  const server = closing(t, UnixDatagram.bind(ours))
  const client = closing(t, UnixDatagram.bind(theirs))
  t.is(client.sendTo(Buffer.from('ping'), ours), 4)
  t.deepEqual(server.recvFrom(Buffer.alloc(8)), [4, theirs])
  client.connect(ours)
  t.deepEqual(client.peerAddr(), ours)
  send(client, 'again')
  t.deepEqual(server.recvFrom(Buffer.alloc(8)), [5, theirs])
  server.close()
  throwsCode(t, 'ECONNREFUSED', () => UnixStream.connect(ours))
  throwsCode(t, 'ECONNREFUSED', () => client.sendTo(Buffer.from('x'), ours))
})

unix('a connected socket sends to its peer, and hears it alone', (t) => {
  const folder = directory(t)
  const at = (name: string): UnixDatagram => closing(t, UnixDatagram.bind(join(folder, name)))
  const [ours, peer, other, stranger] = ['ours', 'peer', 'other', 'stranger'].map(at) as [
    UnixDatagram,
    UnixDatagram,
    UnixDatagram,
    UnixDatagram,
  ]
  throwsCode(t, 'ENOTCONN', () => ours.peerAddr())
  const error = t.throws<NodeJS.ErrnoException>(() => send(ours, 'x'))
  t.regex(error!.code!, /^(ENOTCONN|EDESTADDRREQ)$/)
  t.is(error!.syscall, 'send')
  ours.connect(peer.localAddr())
  t.deepEqual(ours.peerAddr(), peer.localAddr())
  t.is(send(ours, 'hello'), 5)
  t.deepEqual(peer.recvFrom(Buffer.alloc(8)), [5, ours.localAddr()])
  if (process.platform === 'linux') {
    t.like(
      throwsCode(t, 'EPERM', () => stranger.sendTo(Buffer.from('x'), ours.localAddr())),
      { syscall: 'sendto', address: join(folder, 'ours') },
    )
    throwsCode(t, 'EPERM', () => {
      stranger.connect(ours.localAddr())
    })
  }
  t.is(receive(ours), null)
  ours.connect(other.localAddr())
  t.deepEqual(ours.peerAddr(), other.localAddr())
  send(ours, 'moved')
  t.is(receive(other), 'moved')
  t.is(receive(peer), null)
})

unix('a receiver that is gone is ECONNREFUSED, and one that never was ENOENT', (t) => {
  const path = socketPath(t)
  const receiver = UnixDatagram.bind(path)
  const sender = closing(t, UnixDatagram.unbound())
  sender.connect(path)
  receiver.close()
  t.true(existsSync(path))
  t.is(throwsCode(t, 'ECONNREFUSED', () => send(sender, 'x')).syscall, 'send')
  t.like(
    throwsCode(t, 'ECONNREFUSED', () => sender.sendTo(Buffer.from('x'), path)),
    { syscall: 'sendto', address: path },
  )
  t.like(
    throwsCode(t, 'ENOENT', () => sender.sendTo(Buffer.from('x'), `${path}2`)),
    { syscall: 'sendto', address: `${path}2` },
  )
})

unix('a datagram that is too long is EMSGSIZE, and nothing is sent', (t) => {
  const [first, second] = datagramPair(t)
  const path = socketPath(t)
  const receiver = closing(t, UnixDatagram.bind(path))
  const sender = closing(t, UnixDatagram.unbound())
  const bytes = Buffer.alloc(64 * 1024 * 1024)
  throwsCode(t, 'EMSGSIZE', () => first.send(bytes))
  throwsCode(t, 'EMSGSIZE', () => sender.sendTo(bytes, path))
  t.is(receive(second), null)
  t.is(receive(receiver), null)
})

linux('a full queue makes send null, and an event comes when there is room (Linux)', async (t) => {
  const { poll, events } = poller(t)
  const path = socketPath(t)
  const receiver = closing(t, UnixDatagram.bind(path))
  const sender = closing(t, UnixDatagram.unbound())
  sender.connect(path)
  const stranger = closing(t, UnixDatagram.unbound())
  watch(poll, sender, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  const sent = fill(sender)
  t.true(sent > 0)
  t.is(send(sender, 'x'), null)
  fill(stranger, () => stranger.sendTo(Buffer.from('y'), path))
  t.is(stranger.sendTo(Buffer.from('y'), path), null)
  noEvent(t, poll, events)
  let received = 0
  while (receive(receiver) !== null) received += 1
  t.is(received, sent)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isWritable())
  t.is(send(sender, 'rest'), 4)
  t.is(stranger.sendTo(Buffer.from('more'), path), 4)
  t.is(receive(receiver), 'rest')
  t.is(receive(receiver), 'more')
})

unix('one event stands for all datagrams that wait', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = datagramPair(t)
  watch(poll, second, 1, Interest.READABLE)
  noEvent(t, poll, events)
  for (const texts of [['a', 'b', 'c'], ['d'], ['']]) {
    for (const text of texts) send(first, text)
    const [event] = await eventsFor(t, poll, events, 1)
    t.true(event!.isReadable())
    for (const text of texts) t.is(receive(second), text)
    t.is(receive(second), null)
    noEvent(t, poll, events)
  }
})

linux('a shutdown ends one way or both, and wakes who waits (Linux)', async (t) => {
  const { poll, events } = poller(t)
  const [first, second] = datagramPair(t)
  send(first, 'before')
  first.shutdown(Shutdown.Write)
  t.is(throwsCode(t, 'EPIPE', () => send(first, 'x')).syscall, 'send')
  t.is(receive(second), 'before')
  watch(poll, second, 1, Interest.READABLE)
  noEvent(t, poll, events)
  second.shutdown(Shutdown.Read)
  await eventsFor(t, poll, events, 1)
  t.is(second.recv(Buffer.alloc(1)), null)
  t.is(send(second, 'back'), 4)
  t.is(receive(first), 'back')
  first.shutdown(Shutdown.Both)
  first.shutdown(Shutdown.Both)
  throwsCode(t, 'EPIPE', () => send(second, 'x'))
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => {
    first.shutdown('both' as never)
  })
})

linux('the peer of a pair that is closed is an error, and no signal (Linux)', (t) => {
  const [first, second] = datagramPair(t)
  send(first, 'unread')
  second.close()
  t.is(receive(first), null)
  for (let n = 0; n < 3; n += 1) {
    const error = t.throws<NodeJS.ErrnoException>(() => send(first, 'x'))
    t.regex(error!.code!, /^(ECONNREFUSED|ENOTCONN)$/)
  }
})

unix('tryIo gives back what the operation does, and reads by the descriptor', (t) => {
  const [first, second] = datagramPair(t)
  for (const result of [5, 0, '', false, undefined, null]) {
    t.is(
      first.tryIo(() => result),
      result,
    )
  }
  send(first, 'hello')
  const buffer = Buffer.alloc(8)
  t.is(
    second.tryIo(() => readSync(second.asRawFd(), buffer)),
    5,
  )
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => first.tryIo(null as never))
})

function calls(t: ExecutionContext): Calls {
  const buffer = Buffer.alloc(1)
  return {
    connect: ['/tmp/mio-js-nobody'],
    send: [buffer],
    sendTo: [buffer, '/tmp/mio-js-nobody'],
    recv: [buffer],
    recvFrom: [buffer],
    recvAll: [buffer, () => {}],
    shutdown: [0],
    peerAddr: [],
    tryIo: [() => 5],
    ...unixCalls(t),
  }
}

unix('every method of a closed socket throws, and closing again does nothing', (t) => {
  const socket = UnixDatagram.unbound()
  socket.close()
  socket.close()
  socket[Symbol.dispose]()
  refusesAfterClose(t, socket, calls(t))
})

unix('no method works on another receiver', (t) => {
  const [first, second] = datagramPair(t)
  refusesReceivers(t, first, unixListener(t), { ...calls(t), close: [] })
  const tcp = closing(t, TcpListener.bind('127.0.0.1:0'))
  for (const operation of [
    () => UnixDatagram.prototype.recv.call(tcp as never, Buffer.alloc(1)),
    () => UnixStream.prototype.read.call(first as never, Buffer.alloc(1)),
    () => UnixStream.prototype.write.call(first as never, Buffer.alloc(1)),
  ]) {
    throwsCode(t, 'ERR_INVALID_THIS', operation)
  }
  send(first, 'x')
  t.is(receive(second), 'x')
})

unix('an address is read before anything is sent', (t) => {
  const [first, second] = datagramPair(t)
  for (const bad of [undefined, '', 5, {}] as unknown[] as UnixAddrInit[]) {
    t.throws(() => first.sendTo(Buffer.from('x'), bad), { instanceOf: TypeError })
  }
  t.is(receive(second), null)
})

test('a socket is made by bind, unbound, pair and fromRawFd alone', (t) => {
  const Constructor = UnixDatagram as unknown as new (...args: unknown[]) => UnixDatagram
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(UnixDatagram, [1], Array) as unknown,
    () => Reflect.construct(UnixAddr, [1], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
})
