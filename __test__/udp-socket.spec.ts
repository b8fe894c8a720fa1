import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import test, { type ExecutionContext } from 'ava'
import { Interest, TcpStream, UdpSocket } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily } from './support/families.js'
import { unix } from './support/platforms.js'
import {
  type Calls,
  refusesAfterClose,
  refusesReceivers,
  sourceCalls,
} from './support/receivers.js'
import { closing, eventsFor, listener, noEvent, poller, watch } from './support/sockets.js'
import { received, soon, udp, udpPair, waiting } from './support/udp.js'

eachFamily((run, family, address) => {
  run('a datagram arrives as it is, with the address of its sender', async (t) => {
    const [client, server] = [udp(t, address), udp(t, address)]
    const buffer = Buffer.alloc(16, '.')
    t.is(server.recvFrom(buffer), null)
    t.is(client.sendTo(Buffer.from('hello'), server.localAddr()), 5)
    const [count, from] = await soon(() => server.recvFrom(buffer))
    t.is(count, 5)
    t.is(buffer.toString(), 'hello...........')
    t.deepEqual(from, client.localAddr())
    t.is(from.family, family)
    t.is(server.sendTo(Buffer.from('answer'), from), 6)
    t.deepEqual(await received(client), ['answer', server.localAddr()])
    t.is(server.recv(buffer), null)
  })

  run('addresses are taken in every form', async (t) => {
    const [client, server] = [udp(t, address), udp(t, address)]
    const to = server.localAddr()
    for (const form of [to, to.toString(), { address: to.address, port: to.port }]) {
      t.is(client.sendTo(Buffer.from('x'), form), 1)
      t.is((await received(server))[0], 'x')
    }
  })

  run('connected sockets send to each other, and know it', async (t) => {
    const [first, second] = udpPair(t, address)
    t.deepEqual(first.peerAddr(), second.localAddr())
    t.is(first.send(Buffer.from('ping')), 4)
    t.deepEqual(await received(second), ['ping', first.localAddr()])
    t.is(second.send(Buffer.from('pong')), 4)
    const buffer = Buffer.alloc(8)
    t.is(await soon(() => first.recv(buffer)), 4)
    t.is(buffer.toString('latin1', 0, 4), 'pong')
  })

  run('connect can be repeated, and lets nobody else in', async (t) => {
    const [socket, first, second] = [udp(t, address), udp(t, address), udp(t, address)]
    throwsCode(t, 'ENOTCONN', () => socket.peerAddr())
    for (const peer of [first, second, first]) {
      socket.connect(peer.localAddr())
      t.deepEqual(socket.peerAddr(), peer.localAddr())
      socket.send(Buffer.from('to you'))
      t.is((await received(peer))[0], 'to you')
      const other = peer === first ? second : first
      other.sendTo(Buffer.from('from a stranger'), socket.localAddr())
      peer.sendTo(Buffer.from('from you'), socket.localAddr())
      t.is((await received(socket))[0], 'from you')
      t.is(socket.recv(Buffer.alloc(1)), null)
    }
  })

  run('a port that is taken is EADDRINUSE, with the address', (t) => {
    const at = udp(t, address).localAddr()
    const error = throwsCode(t, 'EADDRINUSE', () => UdpSocket.bind(at))
    t.like(error, { syscall: 'bind', address: at.address, port: at.port })
    t.true(error.message.startsWith('bind EADDRINUSE: address already in use'))
  })

  run('ttl can be read and set', (t) => {
    const socket = udp(t, address)
    for (const ttl of [1, 42, 255]) {
      socket.setTtl(ttl)
      t.is(socket.ttl(), ttl)
    }
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
      socket.setTtl(256)
    })
  })

  run('Node sends to it, and it sends to Node', async (t) => {
    const socket = udp(t, address)
    const node = closing(t, createSocket(family === 'IPv4' ? 'udp4' : 'udp6'))
    node.bind(0, socket.localAddr().address)
    await once(node, 'listening')
    const at = socket.localAddr()
    node.send('from Node', at.port, at.address)
    const [text, from] = await received(socket)
    t.is(text, 'from Node')
    t.like(from, { port: node.address().port, family })
    const message = once(node, 'message')
    socket.sendTo(Buffer.from('to Node'), from)
    const [bytes, info] = (await message) as [Buffer, { port: number }]
    t.is(bytes.toString(), 'to Node')
    t.is(info.port, at.port)
  })
})

test('send without a peer is an error of the system', (t) => {
  const error = t.throws<NodeJS.ErrnoException>(() => udp(t).send(Buffer.from('x')))
  t.is(error?.code, process.platform === 'win32' ? 'ENOTCONN' : 'EDESTADDRREQ')
  t.is(error?.syscall, 'send')
})

test('an empty datagram is a datagram, and no end', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = udpPair(t)
  watch(poll, server, 1, Interest.READABLE)
  const buffer = Buffer.alloc(4, '.')
  for (const bytes of [Buffer.alloc(0), new Uint16Array(0), buffer.subarray(4)]) {
    t.is(client.send(bytes), 0)
    await eventsFor(t, poll, events, 1)
    t.is(server.peek(buffer), 0)
    t.is(server.recv(buffer), 0)
    t.is(server.recv(buffer), null)
  }
  t.is(client.sendTo(buffer, server.localAddr(), 2, 0), 0)
  t.deepEqual(await received(server), ['', client.localAddr()])
  t.is(buffer.toString(), '....')
  client.send(Buffer.from('more'))
  t.is((await received(server))[0], 'more')
})

test('peek leaves the datagram, with its sender', async (t) => {
  const server = udp(t)
  const buffer = Buffer.alloc(8)
  t.is(server.peek(buffer), null)
  t.is(server.peekFrom(buffer), null)
  const from = await waiting(t, server, ['one', 'two'])
  for (let n = 0; n < 3; n += 1) {
    t.is(server.peek(buffer.fill(0)), 3)
    t.is(buffer.toString('latin1', 0, 3), 'one')
    t.deepEqual(server.peekFrom(buffer.fill(0), 4), [3, from])
    t.is(buffer.toString('latin1', 4, 7), 'one')
  }
  t.is(server.recv(buffer), 3)
  t.is(server.peek(buffer, 0, 3), 3)
  t.is(buffer.toString('latin1', 0, 3), 'two')
})

test('a datagram that is cut counts more than there is room for, and the rest is lost', async (t) => {
  const server = udp(t)
  const whole = process.platform === 'linux' || process.platform === 'android'
  for (const [offset, length] of [
    [0, 4],
    [6, 2],
    [8, 0],
  ] as const) {
    const buffer = Buffer.alloc(8, '.')
    const expected = Buffer.from(buffer)
    expected.write('abcdef', offset, length)
    const from = await waiting(t, server, ['abcdef'])
    const count = whole ? 6 : length + 1
    t.is(server.peek(buffer, offset, length), count)
    t.deepEqual(server.peekFrom(buffer, offset, length), [count, from])
    t.deepEqual(buffer, expected)
    t.deepEqual(server.recvFrom(buffer.fill('.'), offset, length), [count, from])
    t.deepEqual(buffer, expected)
    t.is(server.recv(buffer), null)
  }
})

test('an offset and a length choose a part of the buffer, in bytes', async (t) => {
  const [client, server] = udpPair(t)
  const bytes = Buffer.from('0123456789')
  const to = server.localAddr()
  const words = new Uint16Array(new Uint8Array(bytes).buffer, 2, 2)
  for (const [send, text] of [
    [() => client.send(bytes, 8), '89'],
    [() => client.send(bytes, 2, 3), '234'],
    [() => client.send(bytes, undefined, 1), '0'],
    [() => client.send(bytes, 10), ''],
    [() => client.send(words), '2345'],
    [() => client.send(new DataView(words.buffer, 1), 1, 2), '23'],
    [() => client.sendTo(bytes, to), '0123456789'],
    [() => client.sendTo(bytes, to, 7), '789'],
    [() => client.sendTo(bytes, to, undefined, 2), '01'],
    [() => client.sendTo(bytes, to, 4, 2), '45'],
  ] as const) {
    t.is(send(), text.length)
    t.is((await received(server))[0], text)
  }
  const buffer = Buffer.alloc(8, '.')
  client.send(bytes, 0, 3)
  t.is(await soon(() => server.recv(buffer, 5)), 3)
  client.send(bytes, 3, 2)
  t.is((await soon(() => server.recvFrom(buffer, 1, 4)))[0], 2)
  t.is(buffer.toString(), '.34..012')
})

unix('one event stands for many datagrams, and the next one comes after null', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = udpPair(t)
  watch(poll, server, 1, Interest.READABLE)
  noEvent(t, poll, events)
  for (let n = 0; n < 3; n += 1) client.send(Buffer.from(`${n}`))
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isReadable())
  for (let n = 0; n < 3; n += 1) t.is((await received(server))[0], `${n}`)
  t.is(server.recv(Buffer.alloc(1)), null)
  noEvent(t, poll, events)
  client.send(Buffer.from('again'))
  await eventsFor(t, poll, events, 1)
  t.is((await received(server))[0], 'again')
})

test('a socket is writable at once', async (t) => {
  const { poll, events } = poller(t)
  watch(poll, udp(t), 1, Interest.WRITABLE)
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isWritable())
})

test('tryIo runs the operation, and events go on after null', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = udpPair(t)
  watch(poll, server, 1, Interest.READABLE)
  t.is(
    server.tryIo(() => 5),
    5,
  )
  for (let n = 0; n < 2; n += 1) {
    t.is(
      server.tryIo(() => server.recv(Buffer.alloc(1))),
      null,
    )
    client.send(Buffer.from('x'))
    await eventsFor(t, poll, events, 1)
    t.is(
      server.tryIo(() => server.recv(Buffer.alloc(1))),
      1,
    )
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => server.tryIo(5 as never))
})

test('a healthy socket has no pending error', (t) => {
  t.is(udp(t).takeError(), null)
})

function calls(t: ExecutionContext): Calls {
  const buffer = Buffer.alloc(1)
  return {
    connect: ['127.0.0.1:9'],
    peerAddr: [],
    send: [buffer],
    sendTo: [buffer, '127.0.0.1:9'],
    recv: [buffer],
    recvFrom: [buffer],
    peek: [buffer],
    peekFrom: [buffer],
    recvAll: [buffer, () => {}],
    broadcast: [],
    setBroadcast: [true],
    multicastLoopV4: [],
    setMulticastLoopV4: [true],
    multicastLoopV6: [],
    setMulticastLoopV6: [true],
    multicastTtlV4: [],
    setMulticastTtlV4: [1],
    joinMulticastV4: ['239.1.2.3'],
    leaveMulticastV4: ['239.1.2.3'],
    joinMulticastV6: ['ff12::1'],
    leaveMulticastV6: ['ff12::1'],
    onlyV6: [],
    ...sourceCalls(poller(t).poll.registry),
  }
}

test('every method of a closed socket throws, and closing again does nothing', (t) => {
  const socket = udp(t)
  socket.close()
  socket.close()
  socket[Symbol.dispose]()
  refusesAfterClose(t, socket, calls(t))
})

test('using closes a socket, and its port is free again', (t) => {
  let at
  {
    using socket = UdpSocket.bind('127.0.0.1:0')
    at = socket.localAddr()
  }
  t.deepEqual(udp(t, at.toString()).localAddr(), at)
})

test('no method works on another receiver', async (t) => {
  const [client, server] = udpPair(t)
  refusesReceivers(t, client, listener(t), { ...calls(t), tryIo: [() => null], close: [] })
  const stream = closing(t, TcpStream.connect(listener(t).localAddr()))
  for (const [name, args] of Object.entries(calls(t))) {
    if (!Object.hasOwn(UdpSocket.prototype, name)) continue
    const method = UdpSocket.prototype[name as 'recv'] as (...values: unknown[]) => unknown
    const error = throwsCode(t, 'ERR_INVALID_THIS', () => method.apply(stream, [...args]))
    t.true(error instanceof TypeError, name)
  }
  for (const [name, args] of [
    ['read', [Buffer.alloc(1)]],
    ['write', [Buffer.alloc(1)]],
    ['shutdown', [0]],
  ] as const) {
    const method = TcpStream.prototype[name as 'read'] as (...values: unknown[]) => unknown
    throwsCode(t, 'ERR_INVALID_THIS', () => method.apply(client, [...args]))
  }
  client.send(Buffer.from('x'))
  t.is((await received(server))[0], 'x')
})

test('closing a registered socket ends its events', (t) => {
  const { poll, events } = poller(t)
  const [client, server] = udpPair(t)
  watch(poll, server, 1, Interest.READABLE)
  client.send(Buffer.from('x'))
  server.close()
  noEvent(t, poll, events)
})

test('a socket is made by bind and fromRawFd alone', (t) => {
  const Constructor = UdpSocket as unknown as new (...args: unknown[]) => UdpSocket
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(UdpSocket, [1], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
  const { bind } = UdpSocket
  closing(t, bind('127.0.0.1:0'))
})
