/** Listen, connect, echo and close by `mio-js/net`: by address, name and path, with callbacks. */
import { closeSync } from 'node:fs'
import { type Server, type Socket, adopt, connect, createServer } from 'mio-js/net'
import type { Detached } from '#src/engine/departure.js'
import { netEngine } from '#src/net/engine.js'
import type { End, Flow, Line } from '../ledger.js'
import { Deferred, type Scenario, type World, messagesOf } from '../scenario.js'

const highWaterMark = 16_384

/** Writes, and counts what the callback says was taken. Each callback comes once. */
function write(world: World, socket: Socket, flow: Flow, bytes: Uint8Array): boolean {
  flow.sent += bytes.length
  world.owed += 1
  return socket.write(bytes, (error) => {
    world.owed -= 1
    if (error === null || error === undefined) flow.acknowledged += bytes.length
  })
}

/** Writes down whatever a socket tells, until its `close`, which resolves. */
async function watch(socket: Socket, end: () => End | undefined, world: World): Promise<void> {
  const over = new Deferred()
  for (const event of ['connect', 'ready', 'data', 'drain', 'end'] as const) {
    socket.on(event, () => end()?.event(event))
  }
  socket.on('error', (error) => {
    if (end() === undefined) world.ledger.stranger(error)
    else end()?.failed(error)
  })
  socket.on('close', (hadError: boolean) => {
    end()?.closed()
    const isTold = (end()?.errors.length ?? 0) > 0
    if (hadError && end() !== undefined && !isTold) {
      world.ledger.violation(`${end()?.name} had an error without 'error'`)
    }
    over.resolve()
  })
  return over.promise
}

/** A descriptor that nobody takes is still ours. */
function adopted(detached: Detached): Socket {
  try {
    return adopt(detached)
  } catch (error) {
    closeSync(detached.fd)
    throw error
  }
}

class Station {
  readonly #world: World
  readonly servers: Server[] = []
  /** Sockets of servers, until they are closed. */
  readonly #served: Promise<void>[] = []

  constructor(world: World) {
    this.#world = world
  }

  async listen(place: { port: number; host: string } | { path: string }): Promise<void> {
    const server = createServer({ allowHalfOpen: true, highWaterMark }, (socket) => {
      this.#serve(socket)
    })
    const listening = new Promise<void>((resolve, reject) => {
      server.once('listening', resolve)
      server.once('error', reject)
    })
    try {
      server.listen(place)
      await listening
      server.on('error', (error) => this.#world.ledger.told('server', error))
      this.servers.push(server)
    } catch (error) {
      this.#world.ledger.told('listen', error)
    }
  }

  #serve(socket: Socket): void {
    const world = this.#world
    let line: Line | undefined
    this.#served.push(watch(socket, () => line?.server, world))
    socket.on('data', (chunk: Buffer) => {
      line ??= world.ledger.find(chunk[0] as number)
      line.up.arrived(chunk)
      if (!write(world, socket, line.down, chunk)) socket.pause()
    })
    socket.on('drain', () => socket.resume())
    socket.on('end', () => {
      line?.up.ended()
      socket.end()
    })
  }

  /** One connection, from its beginning to its end. */
  async talk(server: Server, sizes: readonly number[], n: number): Promise<Line> {
    const world = this.#world
    const { random, ledger } = world
    const messages = messagesOf(random, sizes)
    const line = ledger.line(`line ${n}`, messages.at(-1) as number, random)
    const at = server.address() as string | { port: number }
    const host = n === 1 ? 'localhost' : '127.0.0.1'
    const place = typeof at === 'string' ? { path: at } : { port: at.port, host }
    try {
      const socket = connect({ ...place, highWaterMark })
      const closed = this.#speak(socket, line, messages)
      socket.setNoDelay(true).setKeepAlive(true, 60_000).setTimeout(60_000)
      await closed
    } catch (error) {
      line.client.failed(error)
    }
    return line
  }

  /** Sends the messages, each when the one before has come back. */
  async #speak(socket: Socket, line: Line, messages: readonly number[]): Promise<void> {
    const world = this.#world
    const { up, down } = line
    const over = watch(socket, () => line.client, world)
    const next = (): void => {
      const until = messages.find((candidate) => candidate > down.received)
      if (until === undefined || until === up.sent) return
      const bytes = up.bytes.subarray(up.sent, until)
      const half = bytes.length >> 1
      write(world, socket, up, bytes.subarray(0, half))
      write(world, socket, up, bytes.subarray(half))
    }
    socket.on('connect', () => {
      socket.address()
      world.attempt('options', () => socket.getOption('sendBufferSize'))
    })
    socket.on('timeout', () => world.ledger.violation('a timeout after less than a minute'))
    socket.on('data', (chunk: Buffer) => {
      down.arrived(chunk)
      if (down.isComplete) socket.end()
      else next()
    })
    socket.on('end', () => down.ended())
    // Before it is connected, too.
    next()
    await over
  }

  /** A connection that changes hands half-way. */
  async move(server: Server): Promise<Line | undefined> {
    const world = this.#world
    const line = world.ledger.line('line 3', 4000, world.random)
    const { port } = server.address() as { port: number }
    const first = connect({ port, host: '127.0.0.1' })
    const failed = new Promise<Error>((resolve) => first.once('error', resolve))
    const connected = new Promise<void>((resolve) => first.once('connect', resolve))
    const error = await Promise.race([connected, failed])
    if (error !== undefined) {
      line.client.failed(error)
      return line
    }
    try {
      await this.#speak(adopted(await first.detach()), line, [2000, 4000])
    } catch (reason) {
      line.client.failed(reason)
    }
    return line
  }

  /** Connections that servers have counted as lost. */
  get lost(): number {
    const lostOf = (server: Server): number => {
      const stats = server.stats()
      if (stats === undefined) return 0
      const { aborted, acceptErrors, dropped, shed } = stats
      return aborted + acceptErrors + dropped + shed
    }
    return this.servers.reduce((sum, server) => sum + lostOf(server), 0)
  }

  async close(): Promise<void> {
    await Promise.all(
      this.servers.map(
        async (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
          }),
      ),
    )
    await Promise.all(this.#served)
  }
}

export const scenario: Scenario = {
  settings: [
    { io: 'auto', wake: 'uv' },
    { io: 'thread', wake: 'uv' },
    { io: 'inline', wake: 'thread' },
  ],

  async run(world) {
    const station = new Station(world)
    world.note('the servers')
    await station.listen({ port: 0, host: '127.0.0.1' })
    await station.listen({ path: `\0mio-js faults ${process.pid}` })
    const talks = station.servers.flatMap((server) =>
      typeof server.address() === 'string'
        ? [station.talk(server, [50_000, 300], 2)]
        : [
            station.talk(server, [2000, 300_000], 0),
            station.talk(server, [20_000, 1, 20_000], 1),
            station.move(server),
          ],
    )
    world.note('the connections')
    await Promise.all(talks)
    world.ledger.strangers += station.lost
    await world.calm(async () => {
      for (const [n, server] of station.servers.entries()) {
        if (!server.listening) continue
        world.note('a connection without failures')
        const line = await station.talk(server, [100, 5000], 10 + n)
        const isDeaf = !line.down.isComplete && !world.hasFailed
        if (isDeaf) world.ledger.violation(`server ${n} is deaf`)
      }
    })
    world.note('the servers to close')
    await station.close()
    world.note('the engine to close')
    await world.attempt('engine', netEngine)?.close()
  },
}
