import { randomUUID } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { type Events, Interest, NamedPipe, type Poll, Token } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { unix, windows } from './support/platforms.js'
import { BOTH, closing, eventsFor, pair, poller, watch } from './support/sockets.js'
import { until } from './support/until.js'

const uniqueName = (): string => `\\\\.\\pipe\\mio-js-${randomUUID()}`

interface Connected {
  poll: Poll
  events: Events
  name: string
  server: NamedPipe
  client: NamedPipe
}

/** A server's end with token 1, and its client's end with token 2. */
async function connected(t: ExecutionContext): Promise<Connected> {
  const { poll, events } = poller(t)
  const name = uniqueName()
  const server = closing(t, new NamedPipe(name))
  watch(poll, server, 1)
  t.is(server.connect(), null)
  const client = closing(t, NamedPipe.open(name))
  watch(poll, client, 2)
  await eventsFor(t, poll, events, 1, 2)
  t.is(server.takeError(), null)
  return { poll, events, name, server, client }
}

/** Polls until an operation says something else than not now. */
async function eventually<T>({ poll, events }: Connected, operation: () => T | null): Promise<T> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const result = operation()
    if (result !== null) return result
    if (performance.now() > deadline) throw new Error('nothing happens')
    await poll.pollAsync(events, { timeout: 100 })
  }
}

async function read(pipes: Connected, pipe: NamedPipe, size = 64 * 1024): Promise<string> {
  const buffer = Buffer.alloc(size)
  const count = await eventually(pipes, () => pipe.read(buffer))
  return buffer.toString('latin1', 0, count)
}

unix('no named pipe can be made where there are none', (t) => {
  for (const make of [
    () => new NamedPipe('\\\\.\\pipe\\name'),
    () => NamedPipe.open('\\\\.\\pipe\\name'),
    () => NamedPipe.fromRawHandle(3),
  ]) {
    const error = throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', make)
    t.true(error instanceof TypeError)
  }
})

test('a name is a string, and a handle a number', (t) => {
  for (const name of [undefined, null, 5, 5n, {}, ['x'], Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new NamedPipe(name as string))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => NamedPipe.open(name as string))
  }
  for (const handle of ['5', 5n, null, undefined, {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => NamedPipe.fromRawHandle(handle as number))
  }
  for (const handle of [-1, 0.5, 2 ** 32, NaN]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => NamedPipe.fromRawHandle(handle))
  }
})

test('methods work on named pipes alone', (t) => {
  const { prototype } = NamedPipe as unknown as { prototype: Record<string, () => unknown> }
  for (const name of ['connect', 'disconnect', 'takeError', 'read', 'write', 'asRawHandle']) {
    for (const receiver of [{}, null, prototype]) {
      t.throws(() => prototype[name]!.call(receiver), { instanceOf: TypeError }, name)
    }
  }
})

windows('what each end writes the other one reads (Windows)', async (t) => {
  const pipes = await connected(t)
  const { server, client } = pipes
  t.is(server.connect(), true)
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    t.is(to.read(Buffer.alloc(8)), null)
    t.is(await eventually(pipes, () => from.write(Buffer.from('-hello-'), 1, 5)), 5)
    from.flush()
    t.is(await read(pipes, to), 'hello')
    const parts = [Buffer.from('wor'), Buffer.from('ld')]
    t.is(await eventually(pipes, () => from.writeVectored(parts)), 5)
    const [first, second] = [Buffer.alloc(2), Buffer.alloc(8)]
    t.is(await eventually(pipes, () => to.readVectored([first, second])), 5)
    t.is(first.toString() + second.toString('latin1', 0, 3), 'world')
  }
})

windows(
  'a write is queued, one at a time, at most 1 MiB, and arrives in order (Windows)',
  async (t) => {
    const pipes = await connected(t)
    const { server, client } = pipes
    const bytes = Buffer.from(Array.from({ length: 3 * 2 ** 20 }, (_, n) => n % 251))
    const received: Buffer[] = []
    let [sent, count] = [0, 0]
    while (count < bytes.length) {
      const written = sent < bytes.length ? client.write(bytes, sent) : null
      if (written !== null) {
        t.true(written <= 2 ** 20)
        t.is(client.write(bytes), null)
        sent += written
      }
      const buffer = Buffer.alloc(64 * 1024)
      const length = await eventually(pipes, () => server.read(buffer))
      received.push(buffer.subarray(0, length))
      count += length
    }
    t.true(Buffer.concat(received).equals(bytes))
    t.is(sent, bytes.length)
  },
)

windows('before it is registered a pipe cannot be used (Windows)', async (t) => {
  const { poll, events } = poller(t)
  const name = uniqueName()
  const server = closing(t, new NamedPipe(name))
  const client = closing(t, NamedPipe.open(name))
  const buffer = Buffer.alloc(1)
  for (const operation of [
    () => server.connect(),
    ...[server, client].flatMap((pipe) => [
      () => pipe.read(buffer),
      () => pipe.readVectored([buffer]),
      () => pipe.write(buffer),
      () => pipe.writeVectored([buffer]),
    ]),
  ]) {
    throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', operation)
  }
  watch(poll, server, 1)
  t.is(server.connect(), true)
  await eventsFor(t, poll, events, 1)
  poll.registry.deregister(server)
  throwsCode(t, 'ERR_SOURCE_NOT_REGISTERED', () => server.write(buffer))
})

windows('a pipe belongs to the first Poll that it is registered with (Windows)', async (t) => {
  const pipes = await connected(t)
  const { poll, server, client } = pipes
  const other = poller(t)
  throwsCode(t, 'ERR_SOURCE_ALREADY_REGISTERED', () => {
    watch(other.poll, server, 1)
  })
  poll.registry.deregister(server)
  for (let n = 0; n < 2; n += 1) {
    throwsCode(t, 'ERR_SOURCE_REGISTERED_ELSEWHERE', () => {
      watch(other.poll, server, 1)
    })
  }
  watch(poll, server, 3, Interest.READABLE)
  poll.registry.reregister(server, Token(4), BOTH)
  client.write(Buffer.from('x'))
  t.is(await read(pipes, server), 'x')
  poll.close()
  throwsCode(t, 'ERR_SOURCE_REGISTERED_ELSEWHERE', () => {
    watch(other.poll, server, 1)
  })
})

windows('when the client is gone reads are 0 and writes EPIPE (Windows)', async (t) => {
  const pipes = await connected(t)
  const { server, client } = pipes
  client.write(Buffer.from('last'))
  t.is(await read(pipes, server), 'last')
  client.close()
  t.is(await read(pipes, server), '')
  t.is(server.read(Buffer.alloc(1)), 0)
  throwsCode(t, 'EPIPE', () => server.write(Buffer.from('x')))
  throwsCode(t, 'EPIPE', () => server.writeVectored([Buffer.from('x')]))
})

windows('a server goes from one client to the next (Windows)', async (t) => {
  const pipes = await connected(t)
  const { poll, events, name, server } = pipes
  pipes.client.write(Buffer.from('nobody reads this'))
  await eventsFor(t, poll, events, 2)
  for (let n = 0; n < 3; n += 1) {
    server.disconnect()
    t.is(server.connect(), null)
    const client = closing(t, NamedPipe.open(name))
    watch(poll, client, 10 + n)
    await eventsFor(t, poll, events, 1, 10 + n)
    t.is(server.takeError(), null)
    client.write(Buffer.from(`client ${n}`))
    t.is(await read(pipes, server), `client ${n}`)
  }
  throwsCode(t, 'EPIPE', () => pipes.client.write(Buffer.from('x')))
})

windows('a name has one client at a time (Windows)', async (t) => {
  const { name } = await connected(t)
  t.like(
    throwsCode(t, 'EBUSY', () => NamedPipe.open(name)),
    { syscall: 'connect', address: name },
  )
})

windows('a name has one server (Windows)', (t) => {
  const name = uniqueName()
  closing(t, new NamedPipe(name))
  t.like(
    throwsCode(t, 'EADDRINUSE', () => closing(t, new NamedPipe(name))),
    { syscall: 'bind', address: name },
  )
})

windows('a name that nobody has, that is none, or that has NUL in it (Windows)', (t) => {
  const name = uniqueName()
  throwsCode(t, 'ENOENT', () => NamedPipe.open(name))
  t.like(
    throwsCode(t, 'EACCES', () => new NamedPipe('no pipe')),
    { syscall: 'bind', address: 'no pipe' },
  )
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => new NamedPipe(`${name}\0x`))
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => NamedPipe.open(`${name}\0x`))
  throwsCode(t, 'ERR_INVALID_FD_TYPE', () => NamedPipe.open('package.json'))
})

windows(
  'a handle is told, and taken only if it is a named pipe that nobody owns (Windows)',
  async (t) => {
    const { server } = await connected(t)
    const handle = server.asRawHandle()
    t.true(Number.isInteger(handle) && handle > 0)
    t.is(server.asRawHandle(), handle)
    throwsCode(t, 'ERR_FD_OWNED', () => NamedPipe.fromRawHandle(handle))
    throwsCode(t, 'EBADF', () => NamedPipe.fromRawHandle(0x7fff_fffc))
    const [stream] = await pair(t)
    const socket = stream.intoRawSocket()
    throwsCode(t, 'ERR_INVALID_FD_TYPE', () => NamedPipe.fromRawHandle(socket))
    throwsCode(t, 'ERR_INVALID_THIS', () => server.asRawSocket())
    throwsCode(t, 'ERR_INVALID_THIS', () => server.intoRawSocket())
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => server.asRawFd())
    t.is(server.asRawHandle(), handle)
  },
)

windows('a client of Node and a client that blocks are served (Windows)', async (t) => {
  const { poll, events } = poller(t)
  const name = uniqueName()
  const server = closing(t, new NamedPipe(name))
  watch(poll, server, 1)
  const pipes = { poll, events, name, server, client: server }
  t.is(server.connect(), null)
  const socket = net.connect(name)
  await eventually(pipes, () => server.connect())
  let reply = ''
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString()))
  socket.write('ping')
  t.is(await read(pipes, server), 'ping')
  server.write(Buffer.from('pong'))
  await eventually(pipes, () => server.write(Buffer.from('!')))
  await until('the reply is there', () => reply === 'pong!')
  socket.destroy()
  t.is(await read(pipes, server), '')
  server.disconnect()

  t.is(server.connect(), null)
  const fd = openSync(name, 'r+')
  await eventually(pipes, () => server.connect())
  writeSync(fd, 'blocks')
  t.is(await read(pipes, server), 'blocks')
  closeSync(fd)
})

windows('a pipe that is closed says so, and its events are stale (Windows)', async (t) => {
  const { poll, events, server, client } = await connected(t)
  client.write(Buffer.from('x'))
  const [event] = await eventsFor(t, poll, events, 1)
  server.close()
  server.close()
  t.true(event?.isStale())
  const buffer = Buffer.alloc(1)
  for (const operation of [
    () => server.connect(),
    () => {
      server.disconnect()
    },
    () => server.takeError(),
    () => server.read(buffer),
    () => server.readVectored([buffer]),
    () => server.write(buffer),
    () => server.writeVectored([buffer]),
    () => {
      server.flush()
    },
    () => server.asRawHandle(),
  ]) {
    throwsCode(t, 'ERR_SOURCE_CLOSED', operation)
  }
})
