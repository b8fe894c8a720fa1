import test, { type ExecutionContext } from 'ava'
import { Interest, Shutdown, type SocketAddr, TcpListener, TcpStream, Token } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily, hasIPv6 } from './support/families.js'
import { nodeOutcome } from './support/node-peer.js'
import { linux, unix } from './support/platforms.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  patience,
  poller,
  readExactly,
  watch,
  writeAll,
} from './support/sockets.js'
import { until } from './support/until.js'
import { ofNode } from './support/reference.js'

/** An address that refuses: a port that a client has, so that nobody else can listen there. */
async function deadAddress(t: ExecutionContext, address = '127.0.0.1:0'): Promise<SocketAddr> {
  const [client] = await pair(t, address)
  return client.localAddr()
}

/** A stream whose connect was refused; nobody asked it yet. */
async function refused(t: ExecutionContext, address?: string): Promise<[TcpStream, SocketAddr]> {
  const { poll, events } = poller(t)
  const at = await deadAddress(t, address)
  const stream = closing(t, TcpStream.connect(at))
  watch(poll, stream, 1)
  await eventsFor(t, poll, events, 1)
  poll.registry.deregister(stream)
  return [stream, at]
}

/** A stream that cannot be connected until `server` accepts, as the queue is full (Linux). */
async function pending(t: ExecutionContext): Promise<{ stream: TcpStream; server: TcpListener }> {
  const { poll, events } = poller(t)
  const server = closing(t, TcpListener.bind('127.0.0.1:0', { backlog: 0 }))
  for (let n = 0; n < 8; n += 1) {
    const stream = closing(t, TcpStream.connect(server.localAddr()))
    watch(poll, stream, n)
    if (poll.poll(events, 50) === 0) {
      poll.registry.deregister(stream)
      return { stream, server }
    }
  }
  throw new Error('a queue for none takes eight')
}

eachFamily((run, family, address) => {
  run('the six steps of connecting, one by one', async (t) => {
    const { poll, events } = poller(t)
    const server = listener(t, address)
    const stream = closing(t, TcpStream.connect(server.localAddr()))
    watch(poll, stream, 2, Interest.WRITABLE)
    let peer: SocketAddr | undefined
    while (peer === undefined) {
      const [event] = await eventsFor(t, poll, events, 2)
      t.true(event!.isWritable())
      t.is(stream.takeError(), null)
      try {
        peer = stream.peerAddr()
      } catch (error) {
        t.is((error as NodeJS.ErrnoException).code, 'ENOTCONN')
      }
    }
    t.deepEqual(peer, server.localAddr())
    t.is(stream.localAddr().family, family)
    const accepted = closing(t, await acceptOne(server))
    t.deepEqual(accepted.peerAddr(), stream.localAddr())
    await writeAll(stream, Buffer.from('hello'))
    t.is((await readExactly(accepted, 5)).toString(), 'hello')
  })

  run('finishConnect is true after the event, and stays true', async (t) => {
    const { poll, events } = poller(t)
    const server = listener(t, address)
    const stream = closing(t, TcpStream.connect(server.localAddr()))
    watch(poll, stream, 2, Interest.WRITABLE)
    do await eventsFor(t, poll, events, 2)
    while (!stream.finishConnect())
    t.true(stream.finishConnect())
    t.deepEqual(stream.peerAddr(), server.localAddr())
    const accepted = closing(t, await acceptOne(server))
    t.true(accepted.finishConnect())
    accepted.close()
    await until('the end is seen', () => stream.read(Buffer.alloc(1)) === 0)
    t.true(stream.finishConnect())
  })

  run('a refused connect is an event, and ECONNREFUSED with the address each time', async (t) => {
    const { poll, events } = poller(t)
    const at = await deadAddress(t, address)
    const stream = closing(t, TcpStream.connect(at))
    watch(poll, stream, 3, Interest.WRITABLE)
    const [event] = await eventsFor(t, poll, events, 3)
    t.true(event!.isWritable() || event!.isError())
    for (let n = 0; n < 3; n += 1) {
      const error = throwsCode(t, 'ECONNREFUSED', () => stream.finishConnect())
      t.like(error, { syscall: 'connect', address: at.address, port: at.port })
      t.true(error.errno! < 0)
      t.true(error.message.includes(String(at.port)))
    }
    throwsCode(t, 'ENOTCONN', () => stream.peerAddr())
  })

  run('takeError tells why connecting failed, once', async (t) => {
    const [stream] = await refused(t, address)
    t.like(stream.takeError(), { code: 'ECONNREFUSED' })
    if (process.platform !== 'win32') t.is(stream.takeError(), null)
    throwsCode(t, 'ENOTCONN', () => stream.peerAddr())
  })
})

unix('a refused stream neither reads nor writes', async (t) => {
  for (const operation of [
    (stream: TcpStream) => stream.read(Buffer.alloc(1)),
    (stream: TcpStream) => stream.peek(Buffer.alloc(1)),
    (stream: TcpStream) => stream.write(Buffer.alloc(1)),
    (stream: TcpStream) => stream.readVectored([Buffer.alloc(1)]),
    (stream: TcpStream) => stream.writeVectored([Buffer.alloc(1)]),
  ]) {
    const [stream] = await refused(t)
    throwsCode(t, 'ECONNREFUSED', () => operation(stream))
  }
})

for (const [name, ask] of Object.entries({
  takeError: (stream: TcpStream) => stream.takeError(),
  read: (stream: TcpStream) => stream.read(Buffer.alloc(1)),
  peek: (stream: TcpStream) => stream.peek(Buffer.alloc(1)),
  write: (stream: TcpStream) => stream.write(Buffer.alloc(1)),
})) {
  test(`finishConnect still tells of the refusal after ${name} did`, async (t) => {
    const [stream] = await refused(t)
    try {
      ask(stream)
    } catch (error) {
      // On Windows it has another name here.
      if (process.platform !== 'win32') t.like(error as object, { code: 'ECONNREFUSED' })
    }
    throwsCode(t, 'ECONNREFUSED', () => stream.finishConnect())
  })
}

test('shutdown of a stream that is not connected is ENOTCONN', async (t) => {
  const [stream] = await refused(t)
  throwsCode(t, 'ECONNREFUSED', () => stream.finishConnect())
  for (const how of [0, 1, 2] as const) {
    t.like(
      throwsCode(t, 'ENOTCONN', () => {
        stream.shutdown(how)
      }),
      { syscall: 'shutdown' },
    )
  }
})

linux(
  'a connect that takes long is not finished, and nothing else works, until it is',
  async (t) => {
    const { poll, events } = poller(t)
    const { stream, server } = await pending(t)
    watch(poll, stream, 4)
    t.false(stream.finishConnect())
    t.is(stream.takeError(), null)
    throwsCode(t, 'ENOTCONN', () => stream.peerAddr())
    t.like(stream.localAddr(), { address: '127.0.0.1', family: 'IPv4' })
    t.is(stream.read(Buffer.alloc(1)), null)
    t.is(stream.write(Buffer.alloc(1)), null)
    t.false(stream.finishConnect())
    noEvent(t, poll, events)
    let accepted = closing(t, await acceptOne(server))
    // The system tries again after a second.
    const [event] = await eventsFor(t, poll, events, 4)
    t.true(event!.isWritable())
    t.true(stream.finishConnect())
    t.deepEqual(stream.peerAddr(), server.localAddr())
    while (accepted.peerAddr().port !== stream.localAddr().port) {
      accepted = closing(t, await acceptOne(server))
    }
    t.is(stream.write(Buffer.from('x')), 1)
    t.is((await readExactly(accepted, 1)).toString(), 'x')
  },
)

linux('a stream can be closed while it connects', async (t) => {
  const { poll, events } = poller(t)
  const { stream } = await pending(t)
  watch(poll, stream, 1)
  stream.close()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => stream.finishConnect())
  noEvent(t, poll, events)
})

linux('shutdown while connecting is refused or ends the connect, but does not hang', async (t) => {
  const { poll, events } = poller(t)
  const { stream } = await pending(t)
  watch(poll, stream, 1)
  try {
    stream.shutdown(2)
  } catch (error) {
    t.is((error as NodeJS.ErrnoException).code, 'ENOTCONN')
    return
  }
  await eventsFor(t, poll, events, 1)
  throwsCode(t, 'ECONNRESET', () => stream.finishConnect())
})

test('a stream can be closed right after connect', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  for (let n = 0; n < 20; n += 1) {
    const stream = TcpStream.connect(server.localAddr())
    watch(poll, stream, n)
    stream.close()
  }
  noEvent(t, poll, events)
  const last = closing(t, TcpStream.connect(server.localAddr()))
  const { port } = last.localAddr()
  await until('the one that stayed is accepted', () => {
    const accepted = server.accept()
    if (accepted === null) return false
    closing(t, accepted[0])
    return accepted[1].port === port
  })
  t.pass()
})

test('an event of a connect stands for the stream that was registered with the token', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const streams = Array.from({ length: 10 }, (_, token) => {
    const stream = closing(t, TcpStream.connect(server.localAddr()))
    watch(poll, stream, token, Interest.WRITABLE)
    return stream
  })
  const found = await eventsFor(t, poll, events, ...streams.keys())
  for (const [index, event] of found.entries()) {
    t.is(event.token, Token(index))
    t.true(event.isWritable())
    t.true(streams[index]!.finishConnect())
  }
})

/** How our connect ends, as {@link nodeOutcome} tells it for Node's. */
async function outcome(t: ExecutionContext, host: string, port: number): Promise<string> {
  const { poll, events } = poller(t)
  try {
    using stream = TcpStream.connect({ address: host, port })
    watch(poll, stream, 0, Interest.WRITABLE)
    do {
      if ((await poll.pollAsync(events, { timeout: patience })) === 0) return 'nothing'
    } while (!stream.finishConnect())
    return 'connected'
  } catch (error) {
    t.like(error, { syscall: 'connect', address: host, port })
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

const targets = [
  ['0.0.0.0', 'IPv4'],
  ['255.255.255.255', 'IPv4'],
  ['224.0.0.1', 'IPv4'],
  ['127.255.255.255', 'IPv4'],
  ['::', 'IPv6'],
  ['::ffff:127.0.0.1', 'IPv4'],
  ['ff02::1', 'IPv6'],
] as const

for (const [host, family] of targets) {
  const here = host.includes(':') && !hasIPv6 ? test.skip : unix
  here(`connecting to ${host} ends as Node's own connect does`, async (t) => {
    const at = family === 'IPv4' ? '127.0.0.1:0' : '[::1]:0'
    const dead = await deadAddress(t, at)
    const expected = await ofNode(t, async () => nodeOutcome(host, dead.port))
    t.not(expected, 'connected')
    t.is(await outcome(t, host, dead.port), expected)
    const server = listener(t, at)
    const alive = await ofNode(t, async () => nodeOutcome(host, server.localAddr().port))
    t.is(await outcome(t, host, server.localAddr().port), alive)
    for (let next = server.accept(); next !== null; next = server.accept()) next[0].close()
  })
}

unix('connecting to port 0 ends as with Node', async (t) => {
  const expected = await ofNode(t, async () => nodeOutcome('127.0.0.1', 0))
  t.is(await outcome(t, '127.0.0.1', 0), expected)
})

unix('a stream that meets itself was refused', async (t) => {
  const { poll, events } = poller(t)
  const own = TcpStream.builder('IPv4').bind('127.0.0.1:0')
  const at = own.localAddr()
  const itself = closing(t, own.connect(at))
  watch(poll, itself, 1, Interest.WRITABLE)
  await eventsFor(t, poll, events, 1)
  for (const _ of [1, 2]) {
    const error = throwsCode(t, 'ECONNREFUSED', () => itself.finishConnect())
    t.like(error, { syscall: 'connect', address: '127.0.0.1', port: at.port })
  }
})

test('a stream that was connected stays so for finishConnect, whatever comes later', async (t) => {
  const [client, server] = await pair(t)
  client.shutdown(Shutdown.Write)
  t.throws(() => client.write(Buffer.from('x')))
  t.true(client.finishConnect())
  server.write(Buffer.from('unread'))
  server.close()
  await until('the reset is seen', () => {
    try {
      return client.read(Buffer.alloc(16)) === 0
    } catch {
      return true
    }
  })
  t.true(client.finishConnect())
})
