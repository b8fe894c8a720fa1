/** Sources that are given away: what the thread sees that shares them. */
import test from 'ava'
import {
  Events,
  Interest,
  Poll,
  type SharedSource,
  Shutdown,
  TcpListener,
  TcpStream,
  Token,
  UdpSocket,
} from 'mio-js'
import { Engine } from 'mio-js/engine'
import './support/census.js'
import { run } from './support/child.js'
import { directory } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { eachFamily } from './support/families.js'
import { unix } from './support/platforms.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  readExactly,
  watch,
  writeAll,
} from './support/sockets.js'
import { until } from './support/until.js'

const gone = 'ERR_SHARED_SOURCE_GONE'

eachFamily((run_, _family, address) => {
  run_('a shared stream is closed here, and from goes on where it stopped', async (t) => {
    const { poll, events } = poller(t)
    const [client, server] = await pair(t, address)
    watch(poll, server, 1)
    await writeAll(client, Buffer.from('read, unread'))
    t.is((await readExactly(server, 6)).toString(), 'read, ')
    const shared = server.share()
    for (const operation of [
      () => server.read(Buffer.alloc(1)),
      () => server.share(),
      () => server.localAddr(),
      () => {
        poll.registry.deregister(server)
      },
    ]) {
      throwsCode(t, 'ERR_SOURCE_CLOSED', operation)
    }
    server.close()
    noEvent(t, poll, events)

    const again = closing(t, TcpStream.from(structuredClone(shared)))
    t.not(again, server)
    const other = poller(t)
    watch(other.poll, again, 2)
    await eventsFor(t, other.poll, other.events, 2)
    t.is((await readExactly(again, 6)).toString(), 'unread')
    await writeAll(again, Buffer.from('answer'))
    t.is((await readExactly(client, 6)).toString(), 'answer')
    t.true(again.finishConnect())
  })
})

test('what share returns is small, frozen and plain, and names the class', async (t) => {
  const [client, server] = await pair(t)
  const shared = server.share()
  t.true(Object.isFrozen(shared))
  t.deepEqual(Object.keys(shared), ['kind', 'source'])
  t.is(shared.kind, 'TcpStream')
  t.true(Number.isSafeInteger(shared.source))
  closing(t, TcpStream.from(JSON.parse(JSON.stringify(shared)) as typeof shared))
  // Whom it connects to is for errors.
  const at = client.peerAddr()
  const connector = client.share()
  t.like(connector, { kind: 'TcpStream', remote: { address: at.address, port: at.port } })
  closing(t, TcpStream.from(connector))
})

test('a shared value works once', async (t) => {
  const [client, server] = await pair(t)
  const shared = server.share()
  const copy = structuredClone(shared)
  const first = closing(t, TcpStream.from(shared))
  for (const value of [shared, copy]) throwsCode(t, gone, () => TcpStream.from(value))
  first.close()
  throwsCode(t, gone, () => TcpStream.from(shared))
  await until('the end is seen', () => client.read(Buffer.alloc(1)) === 0)
})

test('a value of another kind is refused, and can still be taken', async (t) => {
  const [, server] = await pair(t)
  const stream = server.share()
  const waiting = listener(t).share()
  const wrong = throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => TcpListener.from(stream as never))
  t.true(wrong instanceof TypeError)
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => TcpStream.from(waiting as never))
  // The name in the value decides nothing.
  const lying = { kind: 'TcpStream', source: waiting.source } as const
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => TcpStream.from(lying))
  closing(t, TcpStream.from(stream))
  closing(t, TcpListener.from(waiting))
})

test('share belongs to one class', async (t) => {
  const [, server] = await pair(t)
  const waiting = listener(t)
  t.throws(() => TcpStream.prototype.share.call(waiting as never), { instanceOf: TypeError })
  throwsCode(t, 'ERR_INVALID_THIS', () => TcpListener.prototype.share.call(server as never))
  t.is(server.read(Buffer.alloc(1)), null)
  t.is(waiting.accept(), null)
})

test('forged and broken values are refused, and take nobody’s source', async (t) => {
  const [, server] = await pair(t)
  const shared = server.share()
  const make = (source: unknown): SharedSource<'TcpStream'> =>
    ({ kind: 'TcpStream', source }) as SharedSource<'TcpStream'>
  const { source } = shared
  const numbers = [0, 1, source - 1, source + 1, Number.MAX_SAFE_INTEGER - source]
  for (const number of numbers) throwsCode(t, gone, () => TcpStream.from(make(number)))
  for (const number of [-1, 0.5, NaN, 2 ** 53, source + 0.5, -source]) {
    if (Number.isSafeInteger(number) && number >= 0) continue
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => TcpStream.from(make(number)))
  }
  for (const value of [undefined, null, source, String(source), Symbol('s'), () => shared]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => TcpStream.from(value as never))
  }
  for (const value of [undefined, null, String(source), BigInt(source), {}, [source]]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => TcpStream.from(make(value)))
  }
  const inherited = Object.create(shared) as typeof shared
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => TcpStream.from(inherited))
  for (const remote of [null, 5, 'x', {}, { address: '::1', port: 'x' }]) {
    const value = { ...shared, remote } as never
    t.regex(t.throws<NodeJS.ErrnoException>(() => TcpStream.from(value)).code ?? '', /^ERR_/)
  }
  closing(t, TcpStream.from(shared))
})

test('a source object itself cannot be posted: its clone is nobody’s handle', async (t) => {
  const { poll } = poller(t)
  const [client, server] = await pair(t)
  const waiting = listener(t)
  for (const object of [server, waiting, poll, poll.registry]) {
    const clone = structuredClone(object) as unknown as Record<string, unknown>
    t.deepEqual(Object.keys(clone), [])
    t.is(Object.getPrototypeOf(clone), Object.prototype)
  }
  const clone = structuredClone(server)
  const { prototype } = TcpStream
  for (const method of ['read', 'write', 'share', 'close', 'asRawFd', 'localAddr'] as const) {
    const operation = prototype[method] as (...args: unknown[]) => unknown
    t.throws(() => operation.call(clone, Buffer.alloc(1)), { instanceOf: TypeError })
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => TcpStream.from(clone as never))
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
    poll.registry.register(clone, Token(1), Interest.READABLE)
  })
  // A transfer is refused, and moves nothing.
  // (A `DOMException`, which in Bun is no `Error`.)
  t.throws(() => structuredClone(server, { transfer: [server as never] }), { any: true })
  await writeAll(client, Buffer.from('x'))
  t.is((await readExactly(server, 1)).toString(), 'x')
})

test('events of the batch are stale for a source that was shared meanwhile', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  await writeAll(client, Buffer.from('x'))
  const [event] = await eventsFor(t, poll, events, 1)
  const shared = server.share()
  t.true(event!.isStale())
  const again = closing(t, TcpStream.from(shared))
  t.true(event!.isStale())
  watch(poll, again, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  t.true(event!.isStale())
})

test('a listener moves with all who wait in its queue', async (t) => {
  const first = listener(t)
  const at = first.localAddr()
  const clients = Array.from({ length: 5 }, () => closing(t, TcpStream.connect(at)))
  await until('all are connected', () => clients.every((client) => client.finishConnect()))
  const second = closing(t, TcpListener.from(first.share()))
  t.deepEqual(second.localAddr(), at)
  const { poll, events } = poller(t)
  watch(poll, second, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  const peers = new Set<string>()
  await until('all are accepted', () => {
    second.acceptAll((stream, address) => {
      closing(t, stream)
      peers.add(String(address))
    })
    return peers.size === clients.length
  })
  t.deepEqual(peers, new Set(clients.map((client) => String(client.localAddr()))))
})

test('a UDP socket moves with the datagrams that wait', async (t) => {
  const sender = closing(t, UdpSocket.bind('127.0.0.1:0'))
  const first = UdpSocket.bind('127.0.0.1:0')
  sender.sendTo(Buffer.from('waiting'), first.localAddr())
  const buffer = Buffer.alloc(16)
  const second = closing(t, UdpSocket.from(structuredClone(first.share())))
  const { poll, events } = poller(t)
  watch(poll, second, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  t.is(second.recv(buffer), 7)
  t.is(buffer.toString('latin1', 0, 7), 'waiting')
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => first.recv(buffer))
})

test('a stream moves while it connects', async (t) => {
  const server = listener(t)
  const connecting = TcpStream.connect(server.localAddr())
  const stream = closing(t, TcpStream.from(connecting.share()))
  const { poll, events } = poller(t)
  watch(poll, stream, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  await until('the client is connected', () => stream.finishConnect())
  const accepted = closing(t, await acceptOne(server))
  t.deepEqual(accepted.peerAddr(), stream.localAddr())
})

test('why a connect failed moves along, with the address', async (t) => {
  const dead = listener(t)
  const { address, port } = dead.localAddr()
  dead.close()
  const failing = closing(t, TcpStream.connect({ address, port }))
  const { poll, events } = poller(t)
  watch(poll, failing, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  // The system tells only once.
  t.like(failing.takeError(), { code: 'ECONNREFUSED' })
  const stream = closing(t, TcpStream.from(structuredClone(failing.share())))
  for (let n = 0; n < 2; n += 1) {
    const error = throwsCode(t, 'ECONNREFUSED', () => stream.finishConnect())
    t.like(error, { syscall: 'connect', address, port })
  }
})

test('a half-closed stream moves as it is', async (t) => {
  const [client, server] = await pair(t)
  await writeAll(client, Buffer.from('last words'))
  client.shutdown(Shutdown.Write)
  server.shutdown(Shutdown.Write)
  const moved = closing(t, TcpStream.from(server.share()))
  t.is((await readExactly(moved, 11)).toString(), 'last words')
  throwsCode(t, 'EPIPE', () => moved.write(Buffer.from('x')))
  t.is(client.read(Buffer.alloc(1)), 0)
})

test('a source may be shared while its Poll waits, and after its Poll was closed', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  const wait = poll.pollAsync(events, { timeout: 50 })
  const shared = server.share()
  await writeAll(client, Buffer.from('x'))
  t.is(await wait, 0)
  const again = closing(t, TcpStream.from(shared))
  const doomed = new Poll()
  watch(doomed, again, 1, Interest.READABLE)
  doomed.close()
  const last = closing(t, TcpStream.from(again.share()))
  watch(poll, last, 2, Interest.READABLE)
  await eventsFor(t, poll, events, 2)
  t.is((await readExactly(last, 1)).toString(), 'x')
})

unix('the descriptor of a source on its way belongs to it', async (t) => {
  const [, server] = await pair(t)
  const fd = server.asRawFd()
  const shared = server.share()
  throwsCode(t, 'ERR_FD_OWNED', () => TcpStream.fromRawFd(fd))
  const engine = new Engine()
  throwsCode(t, 'ERR_FD_OWNED', () => engine.adopt(fd, {}))
  await engine.close()
  const again = closing(t, TcpStream.from(shared))
  t.is(again.asRawFd(), fd)
})

unix('a socket of an engine moves by its descriptor', async (t) => {
  const engine = new Engine()
  const server = listener(t)
  const { address, port } = server.localAddr()
  const socket = await engine.connect({ hostname: address, port })
  const accepted = closing(t, await acceptOne(server))
  const { fd } = await socket.detach()
  await engine.close()
  const stream = closing(t, TcpStream.from(TcpStream.fromRawFd(fd).share()))
  await writeAll(stream, Buffer.from('moved'))
  t.is((await readExactly(accepted, 5)).toString(), 'moved')
})

unix('collecting a shared value closes nothing; collecting the taken source does', async (t) => {
  const { stdout, stderr, code } = await run('share-collected', [], ['--expose-gc'])
  t.is(code, 0, stderr)
  t.deepEqual(JSON.parse(stdout), {
    afterCollection: null,
    echo: 'hello',
    warnings: [
      'MIO_UNCLOSED: A TcpStream was closed on garbage collection; call its close() instead',
    ],
    end: 0,
  })
})

test('a source that was taken is registered nowhere', async (t) => {
  const { poll } = poller(t)
  const second = poller(t).poll
  const [, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  const taken = closing(t, TcpStream.from(server.share()))
  for (const { registry } of [poll, second]) {
    throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      registry.reregister(taken, Token(1), Interest.READABLE)
    })
    throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => {
      registry.deregister(taken)
    })
  }
  watch(second, taken, 1, Interest.READABLE)
  for (const { registry } of [poll, second]) {
    throwsCode(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
      registry.register(taken, Token(2), Interest.READABLE)
    })
  }
})

test('another copy of the binary has a table of its own', async (t) => {
  const { stdout, stderr, code } = await run('share-second-copy', [directory(t)])
  t.is(code, 0, stderr)
  t.is(stdout, `${gone} true\n`)
})

test('events and errors work after many moves in one thread', async (t) => {
  const [client, server] = await pair(t)
  let stream = server
  const poll = closing(t, new Poll())
  const events = Events.withCapacity(4)
  for (let n = 0; n < 300; n += 1) {
    stream = TcpStream.from(stream.share())
    watch(poll, stream, n, Interest.READABLE)
    await writeAll(client, Buffer.from([n % 256]))
    await eventsFor(t, poll, events, n)
    t.is((await readExactly(stream, 1))[0], n % 256)
  }
  stream.close()
})
