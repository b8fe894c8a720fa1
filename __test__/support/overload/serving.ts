/** Servers that are to be overloaded: the same small program by each door. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Engine, type Server, type ServerStats } from 'mio-js/engine'
import { type ServerResponse, createServer as createHttp } from 'mio-js/http'
import { type Socket as NetSocket, createServer as createNet } from 'mio-js/net'
import type { DoorName } from '../doors/index.js'
import type { Ears, Wire } from '../doors/door.js'
import { MirrorDoor } from '../doors/mirror.js'

export interface Limits {
  readonly maxConnections?: number
  readonly maxPending?: number
  readonly maxPendingTotal?: number
  readonly idleTimeout?: number
  /** Milliseconds for the head of a request, of HTTP alone. */
  readonly headersTimeout?: number
  /** Bytes that the system buffers for each connection. */
  readonly sendBufferSize?: number
}

export interface Counts {
  /** Connections that were opened, and those that are open. */
  readonly opened: number
  readonly open: number
  /** Bytes that arrived. */
  readonly received: number
  /** Bytes that wait in the engine. */
  readonly pending: number
  /** What `close` told, by code; `none` where it told no error. */
  readonly closed: Readonly<Record<string, number>>
  /** Whether a `close` was told from within a call that writes. */
  readonly isReentrant: boolean
  readonly stats: Partial<ServerStats>
}

/** What all servers count. */
class Tally {
  opened = 0
  open = 0
  received = 0
  isWriting = false
  isReentrant = false
  readonly closed: Record<string, number> = {}

  enter(): void {
    this.opened += 1
    this.open += 1
  }

  leave(error: NodeJS.ErrnoException | undefined): void {
    this.open -= 1
    this.isReentrant ||= this.isWriting
    const code = error === undefined ? 'none' : (error.code ?? error.message)
    this.closed[code] = (this.closed[code] ?? 0) + 1
  }

  /** Does something that must not tell of a `close` before it returns. */
  write<T>(operation: () => T): T {
    this.isWriting = true
    try {
      return operation()
    } finally {
      this.isWriting = false
    }
  }
}

/** What a client has to send until it gets an answer, which is as long. */
export const frame = 64

/** Bytes of each connection that make no frame yet. */
class Framing {
  #left = 0

  /** What is to be answered to a chunk. */
  take({ length }: Buffer): Buffer | undefined {
    const all = this.#left + length
    this.#left = all % frame
    return all < frame ? undefined : Buffer.alloc(all - this.#left, 'a')
  }
}

/** A server: it answers each frame by one, or each request of HTTP by as many bytes. */
export interface Serving {
  readonly port: number
  counts(): Counts
  /** Writes to all who have said nothing, or have asked for `/stream`; returns to how many. */
  broadcast(bytes: Buffer): number
  close(): Promise<void>
}

export async function serve(door: DoorName, limits: Limits): Promise<Serving> {
  if (door === 'mirror') return serveMirror()
  if (door === 'net') return serveNet(limits)
  if (door === 'http') return serveHttp(limits)
  return serveEngine(door, limits)
}

function serveEngine(io: 'inline' | 'thread' | 'auto', limits: Limits): Serving {
  const { maxPendingTotal, sendBufferSize, ...rest } = limits
  const engine = new Engine({ io, ...(maxPendingTotal === undefined ? {} : { maxPendingTotal }) })
  const tally = new Tally()
  const server: Server = engine.listen<Framing>({
    hostname: '127.0.0.1',
    firstByteTimeout: 0,
    ...rest,
    ...(sendBufferSize === undefined ? {} : { options: { sendBufferSize } }),
    data: () => new Framing(),
    socket: {
      open: () => tally.enter(),
      data(socket, chunk) {
        tally.received += chunk.length
        const answer = socket.data.take(chunk)
        if (answer !== undefined && !socket.write(answer)) socket.pause()
      },
      drain: (socket) => socket.resume(),
      close: (_, error) => tally.leave(error),
    },
  })
  return {
    port: server.port!,
    counts: () => ({
      ...countsOf(tally),
      pending: engine.stats().pendingBytes,
      stats: server.stats(),
    }),
    broadcast: (bytes) =>
      tally.write(() => server.broadcast(bytes, ({ bytesRead }) => bytesRead === 0)),
    close: async () => engine.close(),
  }
}

async function serveNet({ idleTimeout, maxPending, sendBufferSize }: Limits): Promise<Serving> {
  const engine = new Engine()
  const tally = new Tally()
  const sockets = new Set<NetSocket>()
  const own = maxPending === undefined ? {} : { maxPending }
  const server = createNet({ engine, noDelay: true, ...own }, (socket) => {
    const framing = new Framing()
    let failure: NodeJS.ErrnoException | undefined
    tally.enter()
    sockets.add(socket)
    if (sendBufferSize !== undefined) socket.setOption('sendBufferSize', sendBufferSize)
    if (idleTimeout !== undefined) socket.setTimeout(idleTimeout, () => socket.destroy())
    socket.on('data', (chunk) => {
      tally.received += chunk.length
      const answer = framing.take(chunk)
      if (answer !== undefined && !socket.write(answer)) socket.pause()
    })
    socket.on('drain', () => socket.resume())
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error))
    socket.on('close', () => {
      sockets.delete(socket)
      tally.leave(failure)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({
      ...countsOf(tally),
      pending: engine.stats().pendingBytes,
      stats: server.stats() ?? {},
    }),
    broadcast: (bytes) =>
      tally.write(() => {
        const silent = [...sockets].filter(({ bytesRead }) => bytesRead === 0)
        for (const socket of silent) socket.write(bytes)
        return silent.length
      }),
    close: async () => {
      server.close()
      await engine.close()
    },
  }
}

async function serveHttp({ headersTimeout = 60_000, sendBufferSize }: Limits): Promise<Serving> {
  const engine = new Engine()
  const tally = new Tally()
  const streams = new Set<ServerResponse>()
  const options = { engine, noDelay: true, headersTimeout, connectionsCheckingInterval: 500 }
  const server = createHttp(options, (request, response) => {
    if (request.url !== '/stream') {
      response.end(Buffer.alloc(frame, 'h'))
      return
    }
    streams.add(response)
    response.on('close', () => streams.delete(response))
  })
  server.on('connection', (socket: NetSocket) => {
    let failure: NodeJS.ErrnoException | undefined
    tally.enter()
    if (sendBufferSize !== undefined) socket.setOption('sendBufferSize', sendBufferSize)
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error))
    socket.on('close', () => tally.leave(failure))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    counts: () => ({ ...countsOf(tally), pending: engine.stats().pendingBytes, stats: {} }),
    // As programs do it with streams: who cannot follow misses something.
    broadcast: (bytes) =>
      tally.write(() => {
        let count = 0
        for (const response of streams) {
          if (response.writableNeedDrain) continue
          response.write(bytes)
          count += 1
        }
        return count
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await engine.close()
    },
  }
}

async function serveMirror(): Promise<Serving> {
  const tally = new Tally()
  const wires = new Set<Wire>()
  const door = new MirrorDoor()
  const ears = (): Ears => {
    const framing = new Framing()
    return {
      open(wire) {
        tally.enter()
        wires.add(wire)
      },
      data(wire, chunk) {
        tally.received += chunk.length
        const answer = framing.take(chunk)
        if (answer !== undefined && !wire.write(answer)) wire.pause()
      },
      drain: (wire) => wire.resume(),
      end: (wire) => wire.end(),
      close(wire, error) {
        wires.delete(wire)
        tally.leave(error)
      },
    }
  }
  const { port, close } = await door.listen('127.0.0.1', ears)
  return {
    port,
    counts: () => ({ ...countsOf(tally), pending: 0, stats: {} }),
    broadcast: () => 0,
    async close() {
      await close()
      for (const wire of wires) wire.reset()
      await door.close()
    },
  }
}

function countsOf(tally: Tally): Omit<Counts, 'pending' | 'stats'> {
  const { opened, open, received, closed, isReentrant } = tally
  return { opened, open, received, closed, isReentrant }
}
