/** Engines at named pipes, which Windows has for its Unix sockets. */
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { NamedPipe } from 'mio-js'
import type { Handlers } from 'mio-js/engine'
import '../support/census.js'
import {
  Peer,
  connectError,
  echo,
  nodeConnectError,
  nodeListenError,
  shapeOf,
  watched,
} from '../support/engine-peers.js'
import { type Journal, dial, noise, sameBytes, serve, turns } from '../support/engine-sockets.js'
import { type Driver, type MakeEngine, soon, underEachDriver } from '../support/engine.js'
import { rejectsCode, throwsCode } from '../support/errors.js'
import { pipeName, raw } from '../support/named-pipes.js'
import { until } from '../support/until.js'

type Body = (t: ExecutionContext, make: MakeEngine, driver: Driver) => void | Promise<void>

function windows(title: string, body: Body): void {
  if (process.platform === 'win32') underEachDriver(title, body)
  else test.skip(`${title} (Windows)`, () => {})
}

/** Engines have several threads in every other test, so that both are tried. */
const threads = { inline: 1, thread: 2, auto: 1 } as const

windows('a name is listened on, and is free again with its server', async (t, make, driver) => {
  const engine = make({ threads: threads[driver] })
  for (let n = 0; n < 3; n += 1) {
    const path = pipeName()
    const server = engine.listen({ path, socket: echo })
    t.is(server.address(), path)
    t.is(server.port, undefined)
    t.is(server.hostname, undefined)
    t.is(server.fd, -1)
    const peers = await Promise.all(
      Array.from({ length: 20 }, async () => Peer.connect(t, { path })),
    )
    for (const peer of peers) t.is(await peer.echoes('by name'), 'by name')
    t.is(server.connections, 20)
    for (const peer of peers) peer.socket.destroy()
    await soon(server.close())
    throwsCode(t, 'ENOENT', () => NamedPipe.open(path))
  }
})

windows('sockets of a pipe have no addresses and no descriptor', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { opened, handlers } = watched()
  engine.listen({ path, socket: handlers })
  const client = await engine.connect({ path })
  for (const socket of [client, await soon(opened)]) {
    t.is(socket.remoteAddress, undefined)
    t.is(socket.remotePort, undefined)
    t.is(socket.remoteFamily, undefined)
    t.is(socket.localAddress, undefined)
    t.is(socket.localPort, undefined)
    t.is(socket.fd, -1)
    t.is(socket.readyState, 'open')
    socket.setNoDelay().setKeepAlive(true, 1000)
  }
})

windows('all of 10 MB arrives, in both directions at a time', async (t, make, driver) => {
  const path = pipeName()
  const engine = make({ threads: threads[driver] })
  const [there, back] = [noise(10_000_000), noise(10_000_001, 2)]
  const options = { path, maxPending: Infinity }
  const { opened } = serve(engine, { open: (socket) => void socket.write(back) }, options)
  const client = await dial(engine, options)
  // In pieces, as drain allows.
  for (let at = 0; at < there.length; at += 1_000_000) {
    if (client.socket.write(there.subarray(at, at + 1_000_000))) continue
    await client.saw('drain', client.count('drain') + 1)
  }
  const server = await opened()
  await Promise.all([server.has(there.length), client.has(back.length)])
  client.socket.end()
  await Promise.all([client.saw('close'), server.saw('close')])
  sameBytes(t, server.bytes, there)
  sameBytes(t, client.bytes, back)
  t.deepEqual([client.error, server.error], [undefined, undefined])
  t.is(client.socket.bytesWritten, there.length)
})

windows('clients of Node, of ours and of nobody’s reach servers of both', async (t, make) => {
  const engine = make()
  const [ours, cores] = [pipeName(), pipeName()]
  engine.listen({ path: ours, socket: echo })
  const server = net.createServer((socket) => socket.pipe(socket)).listen(cores)
  t.teardown(() => server.close())
  await until('Node listens', () => server.listening)
  for (const path of [ours, cores]) {
    const peer = await Peer.connect(t, { path })
    t.is(await peer.echoes('Node'), 'Node')
    peer.socket.destroy()
    const journal = await dial(engine, { path })
    journal.socket.write('ours')
    await journal.has(4)
    t.is(journal.bytes.toString(), 'ours')
    journal.socket.close()
    await journal.saw('close')
    const { close, pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
    await eventually(() => pipe.write(Buffer.from('raw')))
    const buffer = Buffer.alloc(8)
    t.is(await eventually(() => pipe.read(buffer)), 3)
    close()
  }
})

windows('more clients come at once than ends wait for them', async (t, make, driver) => {
  const path = pipeName()
  const [engine, other] = [make({ threads: threads[driver] }), make()]
  const server = engine.listen({ path, socket: echo })
  const clients = await Promise.all(Array.from({ length: 60 }, async () => dial(other, { path })))
  for (const { socket } of clients) socket.write('!')
  for (const client of clients) await client.has(1)
  t.is(server.connections, 60)
  t.is(server.stats().accepted, 60)
  for (const { socket } of clients) socket.close()
  await until('all are gone', () => server.connections === 0)
})

windows('a client waits for an end that is free, until it is aborted', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { pipe, until: eventually } = raw(t, () => new NamedPipe(path))
  t.is(pipe.connect(), null)
  const first = await dial(engine, { path })
  await eventually(() => pipe.connect())
  const controller = new AbortController()
  const aborted = engine.connect({ path, signal: controller.signal })
  const late = engine.connect({ path, timeout: 50 })
  await rejectsCode(t, 'ETIMEDOUT', late)
  controller.abort()
  await t.throwsAsync(aborted, { name: 'AbortError' })
  const waiting = dial(engine, { path })
  await turns()
  first.socket.close()
  await first.saw('close')
  pipe.disconnect()
  t.is(pipe.connect(), null)
  const second = await waiting
  await eventually(() => pipe.connect())
  second.socket.write('now')
  const buffer = Buffer.alloc(8)
  t.is(await eventually(() => pipe.read(buffer)), 3)
})

windows('a client that waits learns that the name is gone', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { close, pipe, until: eventually } = raw(t, () => new NamedPipe(path))
  t.is(pipe.connect(), null)
  const first = await dial(engine, { path })
  await eventually(() => pipe.connect())
  let told: unknown = null
  void connectError(engine, { path }).then((error) => (told = error))
  await turns()
  first.socket.close()
  await first.saw('close')
  close()
  // The name is gone once the Poll has seen the end of what the pipe was doing.
  t.like(await eventually(() => told), { code: 'ENOENT', syscall: 'connect', address: path })
})

windows('names that nobody has, or can have, fail as Node has it', async (t, make) => {
  const engine = make()
  const path = pipeName()
  const error = await connectError(engine, { path })
  t.deepEqual(shapeOf(error), await nodeConnectError(t, { path }))
  t.is(error.code, 'ENOENT')
  t.like(await connectError(engine, { path: 'nothing' }), { code: 'ENOENT', address: 'nothing' })
  // Node says what the file says: no method of a file that is no pipe has one answer.
  t.like(await connectError(engine, { path: 'package.json' }), { code: 'ENOTSOCK' })
  const refused = throwsCode(t, 'EACCES', () => engine.listen({ path: 'no pipe' }))
  t.deepEqual(shapeOf(refused), await nodeListenError(t, { path: 'no pipe' }))
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => engine.listen({ path: `${path}\0x` }))
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => engine.listen({ path: `\0${path}` }))
})

windows('a name that somebody has is EADDRINUSE', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const server = engine.listen({ path, socket: echo })
  const error = throwsCode(t, 'EADDRINUSE', () => engine.listen({ path }))
  t.deepEqual(shapeOf(error), await nodeListenError(t, { path }))
  await server.close()
  await engine.listen({ path }).close()
})

windows('a pipe has no options', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const server = engine.listen({ path, socket: echo })
  const socket = await engine.connect({ path })
  throwsCode(t, 'ENOTSOCK', () => server.options.recvBufferSize())
  throwsCode(t, 'ENOTSOCK', () => socket.options.recvBufferSize())
  throwsCode(t, 'ENOTSOCK', () => socket.options.setKeepalive(true))
  const options = { recvBufferSize: 4096 }
  const refused = throwsCode(t, 'ENOTSOCK', () => engine.listen({ path: pipeName(), options }))
  t.is((refused as NodeJS.ErrnoException).syscall, 'setsockopt')
  const error = await connectError(engine, { path, options })
  t.like(error, { code: 'ENOTSOCK', syscall: 'setsockopt' })
})

windows('a pipe cannot be detached, and goes on', async (t, make) => {
  const path = pipeName()
  const engine = make()
  engine.listen({ path, socket: echo })
  const journal = await dial(engine, { path })
  await rejectsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', journal.socket.detach())
  journal.socket.write('still here')
  await journal.has(10)
})

windows('who ends hears the other out, and ends when that is silent', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { opened } = serve(engine, echo as Handlers<Journal>, { path })
  const client = await dial(engine, { path })
  client.socket.end('last words')
  await client.has(10)
  // Each time that something comes the other gets more time.
  const server = await opened()
  for (let n = 0; n < 5; n += 1) {
    server.socket.write('.')
    await client.has(11 + n)
  }
  await Promise.all([client.saw('close'), server.saw('close')])
  for (const { error, story } of [client, server]) {
    t.is(story, 'open,data,end,close')
    t.is(error, undefined)
  }
})

windows('who has ended and does not read waits until it does', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { opened } = serve(engine, {}, { path, allowHalfOpen: true })
  const client = await dial(engine, { path })
  client.socket.pause()
  client.socket.end('go')
  const server = await opened()
  await server.has(2)
  // Later than the other would have ended that.
  await delay(200)
  server.socket.write('answer')
  await turns()
  t.is(client.story, 'open')
  client.socket.resume()
  await client.saw('close')
  t.is(client.story, 'open,data,end,close')
  t.is(client.bytes.toString(), 'answer')
})

windows('closing loses nothing that was written, however late it is read', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const bytes = noise(1_000_000)
  const { opened } = serve(engine, {}, { path, maxPending: Infinity })
  const { pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
  const server = await opened()
  server.socket.write(bytes)
  server.socket.close()
  await turns()
  t.is(server.count('close'), 0)
  const received: Buffer[] = []
  for (;;) {
    const buffer = Buffer.alloc(100_000)
    const count = await eventually(() => pipe.read(buffer))
    if (count === 0) break
    received.push(buffer.subarray(0, count))
  }
  sameBytes(t, Buffer.concat(received), bytes)
  await server.saw('close')
  t.is(server.error, undefined)
})

windows(
  'destroy leaves what the system takes, and nothing that waits for the peer',
  async (t, make) => {
    const path = pipeName()
    const engine = make()
    const { opened } = serve(engine, {}, { path, maxPending: Infinity })
    const { pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
    const server = await opened()
    server.socket.write('small')
    server.socket.write(noise(5_000_000))
    server.socket.destroy()
    await server.saw('close')
    let received = Buffer.alloc(0)
    for (;;) {
      const buffer = Buffer.alloc(100_000)
      const count = await eventually(() => pipe.read(buffer))
      if (count === 0) break
      received = Buffer.concat([received, buffer.subarray(0, count)])
    }
    t.is(received.toString('latin1', 0, 5), 'small')
    t.true(received.length < 1_000_000, `${received.length} bytes`)
  },
)

windows('a peer that does not read is found by each limit', async (t, make) => {
  for (const [options, code] of [
    [{ maxPending: 1_000_000 }, 'ERR_PENDING_LIMIT'],
    [{ idleTimeout: 50, maxPending: Infinity }, 'ERR_IDLE_TIMEOUT'],
    [{ linger: 50, maxPending: Infinity }, 'ETIMEDOUT'],
  ] as const) {
    const path = pipeName()
    const { opened, server } = serve(make(), {}, { path, ...options })
    const { pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
    const journal = await opened()
    const { socket } = journal
    for (let n = 0; n < 4; n += 1) if (socket.readyState === 'open') socket.write(noise(600_000))
    if (code === 'ETIMEDOUT') socket.close()
    await journal.saw('close')
    t.is(journal.error?.code, code)
    // Nothing of it is left for the peer to hold.
    const buffer = Buffer.alloc(1_000_000)
    while ((await eventually(() => pipe.read(buffer))) > 0);
    await soon(server.close())
    throwsCode(t, 'ENOENT', () => NamedPipe.open(path))
  }
})

windows('a paused socket slows its peer down', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const { opened } = serve(engine, { open: (socket) => void socket.pause() }, { path })
  const client = await dial(make(), { path })
  const server = await opened()
  // What waits on the way: one read ahead, and what the system keeps.
  const bytes = noise(1_000_000)
  client.socket.write(bytes)
  await turns()
  const waiting = client.socket.bufferedAmount
  t.true(waiting > 500_000, `${waiting} bytes wait`)
  t.is(server.received, 0)
  server.socket.resume()
  await server.has(bytes.length)
  sameBytes(t, server.bytes, bytes)
})

windows('a peer that writes nothing has not ended', async (t, make) => {
  const path = pipeName()
  const { opened } = serve(make(), {}, { path })
  const { pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
  const server = await opened()
  for (let n = 0; n < 3; n += 1) t.is(await eventually(() => pipe.write(Buffer.alloc(0))), 0)
  await eventually(() => pipe.write(Buffer.from('something')))
  await server.has(9)
  t.is(server.story, 'open,data')
})

windows('when the peer is gone it has ended, and a write is EPIPE', async (t, make) => {
  const path = pipeName()
  const { opened } = serve(make(), {}, { path, allowHalfOpen: true })
  const { close, pipe, until: eventually } = raw(t, () => NamedPipe.open(path))
  const server = await opened()
  await eventually(() => pipe.write(Buffer.from('last')))
  await server.has(4)
  close()
  await server.saw('end')
  t.is(server.socket.readyState, 'writeOnly')
  server.socket.write('nobody reads this')
  await server.saw('close')
  t.like(server.error, { code: 'EPIPE', syscall: 'write' })
})

windows('a server that stops leaves its sockets open', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const server = engine.listen({ path, socket: echo })
  const peer = await Peer.connect(t, { path })
  await peer.echoes()
  await soon(server.stop())
  t.is(await peer.echoes('still'), 'still')
  // Nobody waits for clients any more.
  await rejectsCode(t, 'ETIMEDOUT', engine.connect({ path, timeout: 50 }))
  peer.socket.destroy()
  await soon(server.close())
  throwsCode(t, 'ENOENT', () => NamedPipe.open(path))
})

windows('who is one too many is closed', async (t, make) => {
  const path = pipeName()
  const engine = make()
  const server = engine.listen({ path, maxConnections: 2, socket: echo })
  const peers = [await Peer.connect(t, { path }), await Peer.connect(t, { path })]
  for (const peer of peers) await peer.echoes()
  const third = await Peer.connect(t, { path })
  t.is(await third.outcome(), 'FIN')
  t.is(server.stats().dropped, 1)
  peers[0]?.socket.destroy()
  await until('there is room', () => server.connections === 1)
  t.is(await (await Peer.connect(t, { path })).echoes(), 'ping')
})

windows('an engine that closes leaves no name and no client behind', async (t, make) => {
  const path = pipeName()
  const engine = make()
  engine.listen({ path, socket: echo })
  const peer = await Peer.connect(t, { path })
  await peer.echoes()
  await soon(engine.close())
  t.is(await peer.outcome(), 'FIN')
  throwsCode(t, 'ENOENT', () => NamedPipe.open(path))
})
