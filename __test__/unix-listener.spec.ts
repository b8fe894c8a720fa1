import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import net from 'node:net'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Interest, TcpListener, UnixAddr, UnixListener, UnixStream } from 'mio-js'
import { boundClient } from './support/bound-client.js'
import './support/census.js'
import { directory } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { hasReader } from './support/option-reader.js'
import { linux, unix } from './support/platforms.js'
import { type Calls, refusesAfterClose, refusesReceivers } from './support/receivers.js'
import { closing, eventsFor, noEvent, poller, watch } from './support/sockets.js'
import { freeName, longest, socketPath, unixCalls, unixListener, unixPair } from './support/unix.js'
import { until } from './support/until.js'

unix('accept gives null when nobody waits, then the stream and its unnamed peer', async (t) => {
  const { poll, events } = poller(t)
  const path = socketPath(t)
  const server = unixListener(t, path)
  watch(poll, server, 5, Interest.READABLE)
  t.is(server.accept(), null)
  noEvent(t, poll, events)
  const client = closing(t, UnixStream.connect(path))
  const [event] = await eventsFor(t, poll, events, 5)
  t.true(event!.isReadable())
  const accepted = server.accept()!
  const stream = closing(t, accepted[0])
  t.is(accepted.length, 2)
  t.true(stream instanceof UnixStream)
  t.true(accepted[1] instanceof UnixAddr)
  t.true(accepted[1].isUnnamed())
  t.true(client.localAddr().isUnnamed())
  t.true(stream.peerAddr().isUnnamed())
  t.is(server.localAddr().path, path)
  t.is(stream.localAddr().path, path)
  t.is(client.peerAddr().path, path)
  t.is(server.takeError(), null)
  t.is(server.accept(), null)
})

unix('one event stands for a queue of many, which accept drains in order', async (t) => {
  const { poll, events } = poller(t)
  const path = socketPath(t)
  const server = unixListener(t, path)
  const clients = Array.from({ length: 20 }, (_, n) => {
    const client = closing(t, UnixStream.connect(path))
    client.write(Buffer.from([n]))
    return client
  })
  watch(poll, server, 1, Interest.READABLE)
  t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
  const order: number[] = []
  for (let next = server.accept(); next !== null; next = server.accept()) {
    const byte = Buffer.alloc(1)
    t.is(closing(t, next[0]).read(byte), 1)
    order.push(byte[0]!)
  }
  t.deepEqual(
    order,
    clients.map((_, n) => n),
  )
  noEvent(t, poll, events)
  closing(t, UnixStream.connect(path))
  await eventsFor(t, poll, events, 1)
})

unix('an accepted stream does not block, and is not registered', async (t) => {
  const { poll, events } = poller(t)
  const path = socketPath(t)
  const server = unixListener(t, path)
  const client = closing(t, UnixStream.connect(path))
  const stream = closing(t, server.accept()![0])
  t.is(stream.read(Buffer.alloc(1)), null)
  client.write(Buffer.from('x'))
  noEvent(t, poll, events)
  watch(poll, stream, 2, Interest.READABLE)
  await eventsFor(t, poll, events, 2)
  t.is(stream.read(Buffer.alloc(4)), 1)
})

linux('accept tells the name of a bound peer to the last byte (Linux, with perl)', async (t) => {
  if (!hasReader(t, 'perl')) return
  const path = socketPath(t)
  const server = unixListener(t, path)
  // A path that fills all the room there is, without NUL, which this package's own cannot.
  const full = `${directory(t)}/`.padEnd(longest + 1, 'p')
  const name = freeName().abstractName!
  for (const [own, told] of [
    [Buffer.from(`${dirname(full)}/short`), { path: `${dirname(full)}/short` }],
    [Buffer.from(full), { path: full, pathBytes: Buffer.from(full) }],
    [Buffer.concat([Buffer.alloc(1), name]), { abstractName: name }],
    [
      Buffer.concat([Buffer.alloc(1), name, Buffer.alloc(longest - name.length)]),
      { abstractName: Buffer.concat([name, Buffer.alloc(longest - name.length)]) },
    ],
  ] as const) {
    await boundClient(t, own, path)
    const [stream, peer] = server.accept()!
    closing(t, stream)
    t.like({ ...peer }, told)
    t.deepEqual(stream.peerAddr(), peer)
  }
})

for (const backlog of [0, 1, 1e9, 2 ** 31 - 1, undefined]) {
  unix(`a backlog of ${backlog} listens`, (t) => {
    const path = socketPath(t)
    const server = closing(t, UnixListener.bind(path, { backlog }))
    closing(t, UnixStream.connect(path))
    closing(t, server.accept()![0])
    t.is(server.accept(), null)
  })
}

unix('a backlog that is no count is refused, and nothing is bound', (t) => {
  const path = socketPath(t)
  for (const backlog of [-1, 2 ** 31, 1.5, NaN, Infinity]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => UnixListener.bind(path, { backlog }))
  }
  for (const backlog of ['5', 5n, true, {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () =>
      UnixListener.bind(path, { backlog: backlog as number }),
    )
  }
  for (const options of [null, 5, 'x', true, () => {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => UnixListener.bind(path, options as never))
  }
  t.false(existsSync(path))
  UnixListener.bind(path, Object.create({ backlog: 'polluted' }) as object).close()
})

linux('who finds the queue full is told EAGAIN, and connects once there is room (Linux)', (t) => {
  const path = socketPath(t)
  const server = closing(t, UnixListener.bind(path, { backlog: 1 }))
  for (let n = 0; n < 2; n += 1) closing(t, UnixStream.connect(path))
  const before = readdirSync('/proc/self/fd').length
  for (let n = 0; n < 3; n += 1) {
    const error = throwsCode(t, 'EAGAIN', () => UnixStream.connect(path))
    t.like(error, { syscall: 'connect', address: path })
    t.true(error.message.startsWith('connect EAGAIN'))
  }
  t.is(readdirSync('/proc/self/fd').length, before)
  closing(t, server.accept()![0])
  closing(t, UnixStream.connect(path))
})

const somaxconn =
  process.platform === 'linux' ? Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')) : 0
const wide = somaxconn >= 300 ? test : test.skip

wide('the default backlog is wide: 250 clients connect while nobody accepts (Linux)', (t) => {
  const path = socketPath(t)
  unixListener(t, path)
  for (let n = 0; n < 250; n += 1) closing(t, UnixStream.connect(path))
  t.pass()
})

unix('a client that is gone before it is accepted is accepted, and read to its end', (t) => {
  const path = socketPath(t)
  const server = unixListener(t, path)
  const [silent, talking] = [UnixStream.connect(path), UnixStream.connect(path)]
  talking.write(Buffer.from('bye'))
  silent.close()
  talking.close()
  const [first, second] = [server.accept()!, server.accept()!]
  for (const [stream] of [first, second]) closing(t, stream)
  const buffer = Buffer.alloc(8)
  t.is(first[0].read(buffer), 0)
  t.true(first[1].isUnnamed())
  t.is(second[0].read(buffer), 3)
  t.is(second[0].read(buffer), 0)
  t.is(server.accept(), null)
})

unix('Node connects to a listener, and its pipes are accepted', async (t) => {
  const path = socketPath(t)
  const server = unixListener(t, path)
  const socket = closingSocket(t, net.connect(path))
  await once(socket, 'connect')
  const stream = closing(t, server.accept()![0])
  stream.write(Buffer.from('ping'))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.is(bytes.toString(), 'ping')
  socket.end('pong')
  const buffer = Buffer.alloc(8)
  await until('the answer is there', () => stream.read(buffer) === 4)
  t.is(buffer.toString('latin1', 0, 4), 'pong')
  await until('the end is there', () => stream.read(buffer) === 0)
})

function closingSocket(t: ExecutionContext, socket: net.Socket): net.Socket {
  t.teardown(() => {
    socket.destroy()
  })
  return socket
}

unix('closing a registered listener ends its events, and resets who waits', async (t) => {
  const { poll, events } = poller(t)
  const path = socketPath(t)
  const server = unixListener(t, path)
  watch(poll, server, 1)
  const waiting = closing(t, UnixStream.connect(path))
  await eventsFor(t, poll, events, 1)
  server.close()
  noEvent(t, poll, events)
  throwsCode(t, 'ECONNREFUSED', () => UnixStream.connect(path))
  throwsCode(t, 'EPIPE', () => waiting.write(Buffer.from('x')))
})

function calls(t: ExecutionContext): Calls {
  return { accept: [], ...unixCalls(t) }
}

unix('every method of a closed listener throws, and closing again does nothing', (t) => {
  const server = unixListener(t)
  server.close()
  server.close()
  server[Symbol.dispose]()
  refusesAfterClose(t, server, calls(t))
})

unix('no method works on another receiver', (t) => {
  const server = unixListener(t)
  const [stream] = unixPair(t)
  refusesReceivers(t, server, stream, { ...calls(t), close: [] })
  t.is(server.accept(), null)
  const tcp = closing(t, TcpListener.bind('127.0.0.1:0'))
  for (const operation of [
    () => UnixListener.prototype.accept.call(tcp as never),
    () => UnixListener.prototype.localAddr.call(tcp as never),
    () => TcpListener.prototype.accept.call(server as never),
    () => TcpListener.prototype.localAddr.call(server as never),
  ]) {
    throwsCode(t, 'ERR_INVALID_THIS', operation)
  }
})

unix('using closes a listener', (t) => {
  let escaped: UnixListener
  {
    using server = UnixListener.bind(socketPath(t))
    escaped = server
  }
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => escaped.localAddr())
})

test('a listener is made by bind and fromRawFd alone', (t) => {
  const Constructor = UnixListener as unknown as new (...args: unknown[]) => UnixListener
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(UnixListener, [1], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
})
