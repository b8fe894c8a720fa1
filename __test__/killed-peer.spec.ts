/** Peers whose process stops, or is killed, by each door. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { Interest } from 'mio-js'
import type { Engine, Socket } from 'mio-js/engine'
import { type Socket as Stream, createServer } from 'mio-js/net'
import './support/census.js'
import { sendSignal } from './support/child.js'
import { deferred, soon, underEachDriver } from './support/engine.js'
import { unix } from './support/platforms.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  poller,
  readExactly,
  watch,
} from './support/sockets.js'
import { until } from './support/until.js'

async function peer(t: ExecutionContext, ...ports: number[]): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('programs/talking-peer.js', import.meta.url))
  const child = fork(program, ports.map(String), { execArgv: [] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    sendSignal(child, 'SIGKILL')
    await exited
  })
  await soon(once(child, 'message'), 'the peer is connected')
  return child
}

interface Watched {
  port: number
  /** What was told, in order; data is left out. */
  told: string[]
  write: (bytes: Buffer) => void
  closed: Promise<void>
}

function watchEngine(engine: Engine, idleTimeout: number): Watched {
  const told: string[] = []
  const [closed, opened] = [deferred(), deferred<Socket>()]
  const { port } = engine.listen({
    hostname: '127.0.0.1',
    idleTimeout,
    maxPending: Infinity,
    socket: {
      open: opened.resolve,
      data() {},
      end: () => void told.push('end'),
      close(_, error) {
        told.push((error as NodeJS.ErrnoException | undefined)?.code ?? 'closed')
        closed.resolve()
      },
    },
  })
  const write = (bytes: Buffer): void => void opened.promise.then((socket) => socket.write(bytes))
  return { port: port!, told, write, closed: closed.promise }
}

async function watchNet(t: ExecutionContext, engine: Engine): Promise<Watched> {
  const told: string[] = []
  const [closed, opened] = [deferred(), deferred<Stream>()]
  const server = createServer({ engine }, (socket) => {
    socket.resume()
    socket.setTimeout(time, () => told.push('timeout'))
    socket.on('end', () => told.push('end'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => told.push(code ?? ''))
    socket.on('close', () => closed.resolve())
    opened.resolve(socket)
  })
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await soon(once(server, 'listening'))
  const write = (bytes: Buffer): void => void opened.promise.then((socket) => socket.write(bytes))
  return { port: (server.address() as { port: number }).port, told, write, closed: closed.promise }
}

/** Signals are of Unix. */
const underEachUnixDriver: typeof underEachDriver = (title, implementation) => {
  if (process.platform === 'win32') test.skip(`${title} (needs signals)`, () => {})
  else underEachDriver(title, implementation)
}

/** Milliseconds until silence is told. */
const time = 300

function withoutTimeouts(watched: readonly Watched[]): string[][] {
  return watched.map(({ told }) => told.filter((what) => what !== 'timeout'))
}

/** Much more than what the systems of both ends hold. */
const much = Buffer.alloc(32 << 20)

unix('a peer that is killed has ended, for a Poll', async (t) => {
  const { poll, events } = poller(t)
  const server = listener(t)
  const child = await peer(t, server.localAddr().port)
  const stream = closing(t, await acceptOne(server))
  watch(poll, stream, 1, Interest.READABLE)
  t.is((await readExactly(stream, 4)).toString(), 'here')
  t.is(stream.read(Buffer.alloc(4)), null)
  sendSignal(child, 'SIGKILL')
  const [event] = await eventsFor(t, poll, events, 1)
  t.true(event!.isReadClosed())
  t.is(stream.read(Buffer.alloc(4)), 0)
})

underEachUnixDriver('a peer that is killed has ended', async (t, make) => {
  const engine = make()
  const watched = [watchEngine(engine, Infinity), await watchNet(t, engine)]
  const child = await peer(t, ...watched.map(({ port }) => port))
  sendSignal(child, 'SIGKILL')
  for (const { closed } of watched) await soon(closed, 'it is closed')
  t.deepEqual(withoutTimeouts(watched), [['end', 'closed'], ['end']])
})

underEachUnixDriver('a peer that is killed with much to read has reset', async (t, make) => {
  const engine = make()
  const watched = [watchEngine(engine, Infinity), await watchNet(t, engine)]
  const child = await peer(t, ...watched.map(({ port }) => port))
  sendSignal(child, 'SIGSTOP')
  for (const { write } of watched) write(much)
  await until('the systems take no more', () => engine.stats().pendingBytes > much.length)
  sendSignal(child, 'SIGKILL')
  for (const { closed } of watched) await soon(closed, 'it is closed')
  t.deepEqual(withoutTimeouts(watched), [['ECONNRESET'], ['ECONNRESET']])
})

underEachUnixDriver('a peer that is stopped is idle after its time', async (t, make) => {
  const engine = make()
  const watched = [watchEngine(engine, time), await watchNet(t, engine)]
  const child = await peer(t, ...watched.map(({ port }) => port))
  sendSignal(child, 'SIGSTOP')
  await soon(watched[0]!.closed, 'the silent one is closed')
  await until('the other one is told', () => watched[1]!.told.length > 0)
  t.deepEqual(
    watched.map(({ told }) => told),
    [['ERR_IDLE_TIMEOUT'], ['timeout']],
  )
  sendSignal(child, 'SIGKILL')
  await soon(watched[1]!.closed)
})
