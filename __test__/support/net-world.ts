/** One run of a scenario with `node:net` or what stands for it: what it makes, and what it sees. */
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type {
  AddressInfo,
  ListenOptions,
  NetConnectOpts,
  Server,
  ServerOpts,
  Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Log } from './net-log.js'
import type { Net } from './net.js'
import { until } from './until.js'
import { long } from './patience.js'

/** Long for any scenario, short of the runner's own limit. */
const deadline = long(10_000)

export interface Pair {
  server: Server
  /** The server's end. */
  accepted: Socket
  client: Socket
}

export interface PairOptions {
  server?: ServerOpts
  client?: Partial<NetConnectOpts> & Record<string, unknown>
  /** By a path instead of a port. */
  isPath?: boolean
  /** Keep the events of both ends, and read what comes; or only the one. Default: both. */
  watch?: 'both' | 'none' | 'events'
}

/** What a run is compared by. */
export interface Outcome {
  returned: unknown
  log: Record<string, unknown[]>
}

export class World {
  /** The module at the server's end. */
  readonly server: Net
  readonly client: Net
  readonly log = new Log()
  readonly #servers: Server[] = []
  readonly #sockets: Socket[] = []
  readonly #ends: (() => void)[] = []
  /** Sockets that have told their last close. */
  readonly #closed = new WeakSet<Socket>()
  #directory: string | undefined
  #probe: Socket | undefined

  constructor(server: Net, client: Net) {
    this.server = server
    this.client = client
  }

  /** What the scenario returns, and everything that was logged meanwhile. */
  async run(scenario: (world: World) => Promise<unknown>): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const seen = JSON.stringify(this.log.entries, null, 1)
        reject(new Error(`timed out after ${seen}`))
      }, deadline)
    })
    try {
      const returned = await Promise.race([scenario(this), late])
      return { returned: this.log.plain(returned), log: structuredClone(this.log.entries) }
    } finally {
      clearTimeout(timer)
      await this.#close()
    }
  }

  /** Something to do when the run is over. */
  atEnd(callback: () => void): void {
    this.#ends.push(callback)
  }

  keep<T extends Socket | Server>(thing: T): T {
    if ('listen' in thing) this.#servers.push(thing)
    else this.#follow(thing)
    return thing
  }

  #follow(socket: Socket): void {
    this.#sockets.push(socket)
    socket.on('close', () => this.#closed.add(socket))
    socket.on('connectionAttempt', () => this.#closed.delete(socket))
    // What a scenario does not look at must not end the process.
    socket.on('error', () => {})
  }

  /** A server that does not listen yet. */
  createServer(options: ServerOpts = {}, listener?: (socket: Socket) => void): Server {
    const server = this.keep(this.server.createServer(options, listener))
    server.on('connection', (socket: Socket) => {
      this.#follow(socket)
    })
    return server
  }

  /** A server that listens, at a port of the loopback if nothing else is said. */
  async listen(
    options: ServerOpts = {},
    at: ListenOptions = { port: 0, host: '127.0.0.1' },
  ): Promise<Server> {
    const server = this.createServer(options)
    server.listen(at)
    await once(server, 'listening')
    return server
  }

  /** A client on its way there. */
  connect(options: NetConnectOpts | Record<string, unknown>): Socket {
    return this.keep(this.client.connect(options as unknown as NetConnectOpts))
  }

  /** Where a server is, as `connect` takes it. */
  at(server: Server): NetConnectOpts {
    const address = server.address()
    if (address === null) throw new Error('it does not listen')
    if (typeof address === 'string') return { path: address }
    const host = { '::': '::1', '0.0.0.0': '127.0.0.1' }[address.address] ?? address.address
    return { port: this.port(server), host }
  }

  port(server: Server): number {
    const { port } = server.address() as AddressInfo
    this.log.maskPort(port)
    return port
  }

  /** Two ends of one connection, called `server` and `client` in the log. */
  async pair(options: PairOptions = {}): Promise<Pair> {
    const at = options.isPath ? { path: this.path() } : { port: 0, host: '127.0.0.1' }
    const server = await this.listen(options.server, at)
    const met = once(server, 'connection') as Promise<[Socket]>
    const client = this.connect({ ...this.at(server), ...options.client })
    if (options.watch !== 'none') this.log.watch('client', client, options.watch !== 'events')
    server.once('connection', (socket) => {
      if (options.watch !== 'none') this.log.watch('server', socket, options.watch !== 'events')
    })
    const [[accepted]] = await Promise.all([met, once(client, 'connect')])
    return { server, accepted, client }
  }

  /** A path where nothing is. */
  path(name = 'socket'): string {
    if (process.platform === 'win32') {
      const pipe = `\\\\?\\pipe\\mio-js-${randomUUID()}`
      this.log.mask(pipe, '<pipe>')
      return pipe
    }
    this.#directory ??= mkdtempSync(join(tmpdir(), 'mio-js-'))
    this.log.mask(this.#directory, '<directory>')
    return join(this.#directory, name)
  }

  /** A port of the loopback where nobody listens, and nobody did lately. */
  async deadPort(): Promise<number> {
    const server = await this.listen()
    const port = this.port(server)
    server.close()
    await once(server, 'close')
    return port
  }

  /** Waits until an event has been logged as often. */
  async logged(name: string, event: string, count = 1): Promise<void> {
    await until(`${name} logs ${event}`, () => this.log.count(name, event) >= count)
  }

  /**
   * Waits until all is told that follows from what was done so far. What goes around between both ends
   * on a connection of its own comes behind it, as engines serve all connections that are ready.
   */
  async settle(): Promise<void> {
    this.#probe ??= await this.#echo()
    const probe = this.#probe
    for (let round = 0; round < 3; round += 1) {
      const back = this.next(probe, 'data')
      probe.write('?')
      await back
    }
  }

  async #echo(): Promise<Socket> {
    const server = await this.listen()
    server.on('connection', (socket) => socket.pipe(socket))
    const client = this.connect(this.at(server))
    await once(client, 'connect')
    return client
  }

  /** Waits for the next event of this name, whatever error comes before. */
  async next(emitter: EventEmitter, event: string): Promise<unknown[]> {
    return new Promise((resolve) => {
      emitter.once(event, (...args: unknown[]) => resolve(args))
    })
  }

  /** Waits until a socket, or several, is closed. */
  async closed(...sockets: Socket[]): Promise<void> {
    await Promise.all(
      sockets.map(async (socket) => {
        if (!this.#closed.has(socket)) await this.next(socket, 'close')
      }),
    )
  }

  /** Waits until the log of a socket says that as many bytes were received. */
  async received(name: string, count: number): Promise<void> {
    await until(`${name} receives ${count} bytes`, () => this.log.received(name).length >= count)
  }

  async #close(): Promise<void> {
    for (const end of this.#ends) end()
    for (const server of this.#servers) if (server.listening) server.close()
    for (const socket of this.#sockets) {
      // What is destroyed here is over for the scenario; listeners of its own may have gone.
      if (EventEmitter.listenerCount(socket, 'error') === 0) socket.on('error', () => {})
      socket.destroy()
    }
    await until('everything is closed', () =>
      this.#servers.every(
        (server) => !server.listening && (server as { _connections?: number })._connections === 0,
      ),
    )
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true })
  }
}
