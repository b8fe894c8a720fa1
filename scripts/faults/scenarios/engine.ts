/**
 * Listen, connect, echo and close on an engine: TCP and Unix sockets, options, a descriptor that is
 * given away and adopted again.
 */
import { closeSync } from 'node:fs'
import { Engine, type Handlers, type Server, type Socket } from 'mio-js/engine'
import type { Line } from '../ledger.js'
import { Deferred, type Scenario, type World, messagesOf } from '../scenario.js'

/** What a socket is here for. */
interface Role {
  line: Line | undefined
  /** Where the messages of a client end. */
  readonly messages: readonly number[]
  readonly isOver: Deferred
}

type Told = Socket<Role>

const limits = { idleTimeout: 0, firstByteTimeout: 0, linger: 300, highWaterMark: 16_384 }

/** Sends the messages whose turn it is. */
function speak(socket: Told): void {
  const { line, messages } = socket.data
  const { up, down } = line as Line
  const end = messages.find((candidate) => candidate > down.received)
  if (end === undefined || end === up.sent) return
  const bytes = up.bytes.subarray(up.sent, end)
  up.sent = end
  const half = bytes.length >> 1
  socket.write(bytes.subarray(0, half))
  socket.write(bytes.subarray(half))
}

function clientHandlers(world: World): Handlers<Role> {
  const of = (socket: Told, event: string): Line => {
    const line = socket.data.line as Line
    line.client.event(event)
    return line
  }
  return {
    open(socket) {
      of(socket, 'open')
      socket.setNoDelay(false).setKeepAlive(true, 60_000).setTimeout(60_000)
      world.attempt('options', () => socket.options.recvBufferSize())
      speak(socket)
    },
    data(socket, chunk) {
      const { down } = of(socket, 'data')
      down.arrived(chunk)
      if (down.isComplete) socket.end()
      else speak(socket)
    },
    drain: (socket) => void of(socket, 'drain'),
    end: (socket) => of(socket, 'end').down.ended(),
    timeout: () => world.ledger.violation('a timeout after less than a minute'),
    close(socket, error) {
      const { client, up } = socket.data.line as Line
      client.closed(error)
      if (error === undefined) up.acknowledged = up.sent
      socket.data.isOver.resolve()
    },
  }
}

function serverHandlers(world: World): Handlers<Role> {
  return {
    data(socket, chunk) {
      const line = (socket.data.line ??= world.ledger.find(chunk[0] as number))
      line.server.event('data')
      line.up.arrived(chunk)
      line.down.sent += chunk.length
      if (!socket.write(chunk)) socket.pause()
    },
    drain(socket) {
      socket.data.line?.server.event('drain')
      socket.resume()
    },
    end(socket) {
      socket.data.line?.server.event('end')
      socket.data.line?.up.ended()
    },
    close({ data: { line } }, error) {
      if (line === undefined) {
        world.ledger.stranger(error)
        return
      }
      line.server.closed(error)
      if (error === undefined) line.down.acknowledged = line.down.sent
    },
  }
}

class Station {
  readonly servers: Server[] = []
  readonly #world: World
  readonly #engine: Engine
  readonly #handlers: Handlers<Role>

  constructor(world: World) {
    const { io } = world.setting
    this.#world = world
    const threads = io === 'inline' ? 1 : 2
    this.#engine = new Engine({ io: io as 'inline' | 'thread' | 'auto', threads })
    this.#handlers = clientHandlers(world)
  }

  listen(place: { hostname: string } | { path: string }): void {
    const socket = serverHandlers(this.#world)
    // So that the system takes less than there is: sockets inherit it.
    const options = { sendBufferSize: 4608 }
    const data = (): Role => ({ line: undefined, messages: [], isOver: new Deferred() })
    const server = this.#world.attempt('listen', () =>
      this.#engine.listen<Role>({ ...place, ...limits, options, socket, data }),
    )
    if (server !== undefined) this.servers.push(server)
  }

  /** One connection, from its beginning to its end. */
  async talk(server: Server, sizes: readonly number[], n: number): Promise<Line> {
    const { random, ledger } = this.#world
    const messages = messagesOf(random, sizes)
    const line = ledger.line(`line ${n}`, messages.at(-1) as number, random)
    const role: Role = { line, messages, isOver: new Deferred() }
    const { hostname, port } = server
    const path = port === undefined ? (server.address() as string) : undefined
    try {
      const socket = await this.#engine.connect<Role>({
        ...(path === undefined ? { hostname, port } : { path }),
        ...limits,
        socket: this.#handlers,
        data: () => role,
        // So that the system takes less than there is.
        ...(n === 0 ? { options: { sendBufferSize: 4608 } } : {}),
      })
      if (n === 1) await this.#move(socket)
    } catch (error) {
      line.client.failed(error)
      return line
    }
    await role.isOver.promise
    return line
  }

  /** Takes the descriptor out of the engine, and has it adopted again. */
  async #move(socket: Told): Promise<void> {
    const role = socket.data
    const { fd, leftover } = await socket.detach()
    try {
      const options = { ...limits, leftover, socket: this.#handlers, data: () => role }
      this.#engine.adopt<Role>(fd, options)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Connections that servers have counted as lost. */
  get lost(): number {
    const lostOf = (server: Server): number => {
      const { aborted, acceptErrors, dropped, shed } = server.stats()
      return aborted + acceptErrors + dropped + shed
    }
    return this.servers.reduce((sum, server) => sum + lostOf(server), 0)
  }

  async close(): Promise<void> {
    const [first] = this.servers
    await first?.stop()
    await this.#engine.close()
  }
}

export const scenario: Scenario = {
  settings: [
    { io: 'inline', wake: 'uv' },
    { io: 'thread', wake: 'uv' },
    { io: 'auto', wake: 'uv' },
    { io: 'inline', wake: 'thread' },
    { io: 'thread', wake: 'thread' },
  ],

  async run(world) {
    world.note('the engine')
    const station = world.attempt('engine', () => new Station(world))
    if (station === undefined) return
    station.listen({ hostname: '127.0.0.1' })
    station.listen({ path: `\0mio-js faults ${process.pid}` })
    const talks = station.servers.flatMap((server) =>
      server.port === undefined
        ? [station.talk(server, [50_000, 300], 2)]
        : [station.talk(server, [2000, 300_000], 0), station.talk(server, [20_000, 1, 20_000], 1)],
    )
    world.note('the connections')
    await Promise.all(talks)
    world.ledger.strangers += station.lost
    await world.calm(async () => {
      for (const [n, server] of station.servers.entries()) {
        world.note('a connection without failures')
        const line = await station.talk(server, [100, 5000], 10 + n)
        const isDeaf = !line.down.isComplete && !world.hasFailed
        if (isDeaf) world.ledger.violation(`server ${n} is deaf`)
      }
    })
    world.note('the engine to close')
    await station.close()
  },
}
