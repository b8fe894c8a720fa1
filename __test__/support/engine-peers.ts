/** The other end of the engine's connections: sockets of Node's own. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { ConnectOptions, Engine, Handlers, ListenOptions, Server, Socket } from 'mio-js/engine'
import { deferred, soon } from './engine.js'
import { long } from './patience.js'
import { ofNode } from './reference.js'
import { until } from './until.js'

/** A socket of Node that keeps everything it receives, unless it is told not to read. */
export class Peer {
  readonly socket: net.Socket
  /** Resolves when the other side ended, with everything that was received. */
  readonly ended: Promise<string>
  /** Resolves when it is over, with the code of its error if there was one. */
  readonly closed: Promise<string | undefined>
  received = ''
  #error: NodeJS.ErrnoException | undefined
  #notify: () => void = () => {}

  constructor(t: ExecutionContext, socket: net.Socket, isReading = true) {
    this.socket = socket
    t.teardown(() => {
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#error = error))
    if (isReading) {
      socket.on('data', (chunk) => {
        this.received += chunk.toString('latin1')
        this.#notify()
      })
    }
    this.ended = new Promise((resolve) => {
      socket.once('end', () => {
        resolve(this.received)
      })
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve(this.#error?.code)
      })
    })
  }

  /** One that is connected: to a port of the loopback, or as `net.connect` has it. */
  static async connect(
    t: ExecutionContext,
    to: number | net.NetConnectOpts,
    isReading = true,
  ): Promise<Peer> {
    const socket = net.connect({
      allowHalfOpen: true,
      ...(typeof to === 'number' ? { port: to, host: '127.0.0.1' } : to),
    })
    const peer = new Peer(t, socket, isReading)
    await soon(once(socket, 'connect'), 'a peer is connected')
    return peer
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  /** How the other side's direction ends: `FIN`, or the code of an error. */
  async outcome(): Promise<string | undefined> {
    this.socket.resume()
    return soon(Promise.race([this.ended.then(() => 'FIN'), this.closed]), 'the peer is told')
  }

  /** Waits until it has received as many characters, and returns all of them. */
  async receives(length: number): Promise<string> {
    const { promise, resolve } = deferred()
    this.#notify = () => {
      if (this.received.length >= length) resolve()
    }
    this.#notify()
    await soon(promise, `${length} bytes arrive at the peer`)
    return this.received
  }

  /** Sends something, and waits for it to come back. */
  async echoes(text = 'ping'): Promise<string> {
    const { length } = this.received
    this.write(text)
    return (await this.receives(length + text.length)).slice(length)
  }
}

/** Writes back what arrives. */
export const echo: Handlers<unknown> = {
  data: (socket, chunk) => {
    socket.write(chunk)
  },
}

/** What a `close` was told. */
export interface Closed<T = unknown> {
  socket: Socket<T>
  error: NodeJS.ErrnoException | undefined
}

/** Handlers, and promises of a socket's `open` and `close`. */
export function watched<T = unknown>(
  handlers: Handlers<T> = {},
): { handlers: Handlers<T>; opened: Promise<Socket<T>>; closed: Promise<Closed<T>> } {
  const opened = deferred<Socket<T>>()
  const closed = deferred<Closed<T>>()
  return {
    opened: opened.promise,
    closed: closed.promise,
    handlers: {
      ...handlers,
      open: (socket) => {
        handlers.open?.(socket)
        opened.resolve(socket)
      },
      close: (socket, error) => {
        handlers.close?.(socket, error)
        closed.resolve({ socket, error })
      },
    },
  }
}

export interface Meeting {
  server: Server
  /** The server's end. */
  socket: Socket<unknown>
  closed: Promise<Closed>
  peer: Peer
}

/** A server with one connection. */
export async function meeting(
  t: ExecutionContext,
  engine: Engine,
  options: ListenOptions<unknown> = {},
  isReading = true,
): Promise<Meeting> {
  const { handlers, opened, closed } = watched(options.socket)
  const server = engine.listen({ hostname: '127.0.0.1', ...options, socket: handlers })
  const peer = await Peer.connect(t, server.port ?? 0, isReading)
  return { server, socket: await soon(opened, 'the socket opens'), closed, peer }
}

/**
 * A server's socket whose connection is gone, and whose close is not told yet: it waits behind data
 * that the program does not take.
 */
export async function stalled(t: ExecutionContext, engine: Engine): Promise<Meeting> {
  const met = await meeting(t, engine, {
    idleTimeout: 50,
    // More than one chunk comes at a time, so that some is left when the first has been told.
    socket: {
      data: (socket) => {
        socket.pause()
      },
    },
  })
  let told = false
  void met.closed.then(() => (told = true))
  met.peer.write(Buffer.alloc(400_000))
  await until('the connection is gone', () => engine.stats().closed > 0)
  t.true(met.socket.bytesRead > 65_536)
  t.false(told)
  return met
}

/** A directory that is gone after the test. */
export function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mio-js-'))
  t.teardown(() => {
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

/** A port of the loopback where nobody listens, and nobody did lately. */
export async function deadPort(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until nobody listens any more. Who gets into the queue before is reset, or ends. */
export async function untilRefused(port: number, host = '127.0.0.1'): Promise<void> {
  const end = performance.now() + long(10_000)
  for (;;) {
    const socket = net.connect({ port, host })
    let code: string | undefined
    socket.once('error', (error: NodeJS.ErrnoException) => (code = error.code))
    socket.once('connect', () => socket.resume().end())
    await new Promise((resolve) => {
      socket.once('close', resolve)
    })
    if (code === 'ECONNREFUSED') return
    if (performance.now() > end) throw new Error(`timed out: nobody listens on ${port}`)
  }
}

/** What of an error a program looks at. */
export interface Shape {
  code: string | undefined
  errno: number | undefined
  syscall: string | undefined
  address: unknown
  port: unknown
}

export function shapeOf(error: unknown): Shape {
  const { code, errno, syscall, address, port } = error as NodeJS.ErrnoException & Shape
  return { code, errno, syscall, address, port }
}

/** Properties of an error: what they are, or which option they are the same as. */
type Relative = Record<string, { option: string } | { value: unknown } | null>

/** Node's error, which in other runtimes was recorded: where it is what was asked, it says so. */
async function nodeError(
  t: ExecutionContext,
  options: object,
  fail: () => Promise<unknown>,
): Promise<Shape> {
  const given = Object.entries(options)
  const told = await ofNode(t, async (): Promise<Relative> => {
    const shape = Object.entries(shapeOf(await fail()))
    return Object.fromEntries(
      shape.map(([name, value]) => {
        if (value === undefined) return [name, null]
        const option = given.find(([, candidate]) => candidate === value)?.[0]
        return [name, option === undefined ? { value } : { option }]
      }),
    )
  })
  const meant = (part: Relative[string]): unknown => {
    if (part === null) return undefined
    return 'option' in part ? (options as Record<string, unknown>)[part.option] : part.value
  }
  const shape = Object.entries(told).map(([name, part]) => [name, meant(part)] as const)
  return Object.fromEntries(shape) as unknown as Shape
}

/** How `net.connect` fails. */
export async function nodeConnectError(
  t: ExecutionContext,
  options: net.NetConnectOpts,
): Promise<Shape> {
  return nodeError(t, options, async () => {
    const socket = net.connect(options)
    try {
      return ((await soon(once(socket, 'error'), 'Node fails to connect')) as [Error])[0]
    } finally {
      socket.destroy()
    }
  })
}

/** How `net.Server.listen` fails. */
export async function nodeListenError(
  t: ExecutionContext,
  options: net.ListenOptions,
): Promise<Shape> {
  return nodeError(t, options, async () => {
    const server = net.createServer()
    try {
      const error = once(server, 'error')
      server.listen(options)
      return ((await soon(error, 'Node fails to listen')) as [Error])[0]
    } finally {
      server.close()
    }
  })
}

/** Handlers of a socket that is never open. */
export const neverTold = {
  open: (): never => {
    throw new Error('opened')
  },
  close: (): never => {
    throw new Error('closed')
  },
}

/** How the engine fails to connect. */
export async function connectError(
  engine: Engine,
  options: ConnectOptions<unknown>,
): Promise<NodeJS.ErrnoException> {
  try {
    await soon(engine.connect(options), 'the engine fails to connect')
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new Error('connected')
}
