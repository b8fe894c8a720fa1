/**
 * Lets system calls of the native module fail, and prints what comes of it. Arguments: where engines
 * run, and the names of cases below.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Engine, type EngineOptions, type Socket } from 'mio-js/engine'
import { http } from 'mio-js/http'
import { BoundSocket, type Socket as Stream, connect, createServer } from 'mio-js/net'
import { netEngine } from '#src/net/engine.js'
import { Control, planOf } from '../../scripts/faults/control.js'

const [, , io, ...names] = process.argv
const control = new Control(process.env['MIO_JS_FAULTS'] ?? '')
const hostname = '127.0.0.1'

function newEngine(): Engine {
  return new Engine({ io: io as EngineOptions['io'] })
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

function attempt(operation: () => unknown): unknown {
  try {
    operation()
    return 'nothing thrown'
  } catch (error) {
    return codeOf(error)
  }
}

/** What a peer that only waits gets to know: the code of an error, or `end`. */
async function fate(engine: Engine, port: number): Promise<unknown> {
  let over!: (how: unknown) => void
  const outcome = new Promise((resolve) => (over = resolve))
  const socket = {
    data: (self: Socket) => self.close(),
    end: () => over('end'),
    close: (_: Socket, error?: Error) => over(codeOf(error)),
  }
  // The end of it may be there before the connection is told.
  await engine.connect({ hostname, port, socket }).catch((error: Error) => over(codeOf(error)))
  return outcome
}

/** Sends something to an echo server, and gets it back. */
async function echoed(engine: Engine, port: number): Promise<string> {
  let over!: (text: string) => void
  const outcome = new Promise<string>((resolve) => (over = resolve))
  const data = (socket: Socket, chunk: Buffer): void => {
    over(chunk.toString())
    socket.close()
  }
  const client = await engine.connect({ hostname, port, socket: { data } })
  client.write('hello')
  return outcome
}

const echo = { data: (socket: Socket, chunk: Buffer) => void socket.write(chunk) }

const cases: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'listener is not watched'() {
    const engine = newEngine()
    control.arm(planOf('epoll_ctl(ADD)', 'ENOMEM'))
    const first = attempt(() => engine.listen({ hostname, socket: echo }))
    control.pause()
    const server = engine.listen({ hostname, socket: echo })
    const text = await echoed(engine, server.port!)
    await engine.close()
    return [first, text]
  },

  async 'listener of a descriptor is not watched'() {
    const engine = newEngine()
    const bound = new BoundSocket({ host: hostname, port: 0 })
    const fd = bound.fd()
    control.arm(planOf('epoll_ctl(ADD)', 'ENOSPC'))
    const first = attempt(() => engine.listen({ fd, socket: echo }))
    control.pause()
    const server = engine.listen({ fd, socket: echo })
    const text = await echoed(engine, server.port!)
    await engine.close()
    return [first, text, bound.fd() === fd]
  },

  async 'accepting has no memory'() {
    const engine = newEngine()
    const server = engine.listen({ hostname, socket: echo })
    control.arm(planOf('accept4', 'ENOMEM', 1, 300))
    const text = await echoed(engine, server.port!)
    control.pause()
    const { byFunction } = control.record()
    const { backoffs, shed } = server.stats()
    await engine.close()
    return { text, calls: byFunction.get('accept4'), backoffs, shed }
  },

  async 'accepted connection is not watched'() {
    const engine = newEngine()
    const server = engine.listen({ hostname, socket: echo })
    // The first is that of the client, which has to be there to be accepted.
    control.arm(planOf('epoll_ctl(ADD)', 'ENOMEM', 2))
    const how = await fate(engine, server.port!)
    control.pause()
    const { acceptErrors } = server.stats()
    await engine.close()
    return { how, acceptErrors }
  },

  async 'peer of a new connection is not told'() {
    const engine = newEngine()
    const server = engine.listen({ hostname, socket: echo })
    control.arm(planOf('getpeername', 'ENOBUFS'))
    const failed = await engine.connect({ hostname, port: server.port! }).catch(codeOf)
    control.pause()
    const text = await echoed(engine, server.port!)
    await engine.close()
    return [failed, text]
  },

  /** With libuv, that is: the selector of a thread is asked again. */
  async 'selector of connecting sockets fails'() {
    // Where a thread waits, its connection may be accepted before.
    const server = createServer((accepted) => accepted.on('error', () => {})).listen(0, hostname)
    await once(server, 'listening')
    const told = once(process, 'uncaughtException')
    const closed = once(server, 'close')
    control.arm(planOf('epoll_wait', 'EBADF'))
    const { port } = server.address() as AddressInfo
    const socket: Stream = connect(port, hostname)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    control.pause()
    const [fatal] = (await told) as [Error]
    await closed
    const { code, errno, syscall } = error
    return { code, errno, syscall, fatal: codeOf(fatal), listening: server.listening }
  },

  async 'selector of an http server fails'() {
    const server = http.createServer().listen(0, hostname)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const told = once(process, 'uncaughtException')
    const closed = once(server, 'close')
    control.arm(planOf('epoll_wait', 'EBADF'))
    connect(port, hostname).on('error', () => {})
    await Promise.all([told, closed])
    control.pause()
    // The engine that follows finds nobody there.
    const [error] = (await once(connect(port, hostname), 'error')) as [Error]
    await netEngine().close()
    const warnings: string[] = []
    process.on('warning', ({ message }) => warnings.push(message))
    for (let n = 0; n < 5; n += 1) {
      globalThis.gc?.()
      await delay(1)
    }
    return { code: codeOf(error), warnings }
  },
}

if (!control.hasModule) throw new Error('the shim has not found the native module')
const outcomes: Record<string, unknown> = {}
for (const name of names) outcomes[name] = await cases[name]?.()
console.log(JSON.stringify(outcomes))
