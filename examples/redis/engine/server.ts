import { once } from 'node:events'
import { listen, type Server as Listener, type Socket } from 'mio-js/engine'
import type { Counters, Database } from '../command.ts'
import { EXPIRY_PERIOD, HIGH_WATER, MAX_OUTPUT } from '../limits.ts'
import type { RedisServer } from '../program.ts'
import { ReplyBuffer } from '../reply.ts'
import { Store } from '../store.ts'
import { Connection } from './connection.ts'

/** How often the system asks a silent peer whether it is still there. */
const KEEP_ALIVE = 300_000
/** How long the last replies may take when the server stops. */
const STOP_TIME = 500

/** Accepts clients and tells them what happens; what they share is here. */
export class Server implements RedisServer {
  readonly host: string
  readonly port: number
  readonly counters: Counters
  readonly #listener: Listener
  readonly #database: Database
  readonly #reply = new ReplyBuffer()
  readonly #connections = new Set<Connection>()
  #expiry: NodeJS.Timeout | undefined

  /** Listens; throws the system's error, with its `code`. */
  constructor(host: string, port: number) {
    this.#listener = listen<Connection>({
      hostname: host,
      port,
      // A client may end its side and still read: we end ours when everything is answered.
      allowHalfOpen: true,
      // Commands copy what they keep, so that chunks need no memory of their own.
      borrow: true,
      highWaterMark: HIGH_WATER,
      maxPending: MAX_OUTPUT,
      // As in Redis, a client may be silent for as long as it likes, and is closed when it is gone.
      idleTimeout: 0,
      firstByteTimeout: 0,
      keepAlive: { delay: KEEP_ALIVE },
      socket: {
        open: (socket) => this.#open(socket),
        data: (socket, chunk) => {
          socket.data.received(chunk)
          this.#watchDeadlines()
        },
        drain: (socket) => {
          socket.data.drained()
          this.#watchDeadlines()
        },
        end: (socket) => socket.data.ended(),
        close: (socket) => this.#forget(socket.data),
      },
    })
    const { hostname = host, port: boundPort = port } = this.#listener
    this.host = hostname
    this.port = boundPort
    this.counters = {
      connections: 0,
      accepted: 0,
      commands: 0,
      startedAt: performance.now(),
      port: this.port,
    }
    this.#database = { store: new Store(), counters: this.counters }
  }

  /** Serves until the signal is given, then lets the last replies leave and closes everything. */
  async run(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await once(signal, 'abort')
    for (const connection of this.#connections) connection.close()
    const late = setTimeout(() => this.#listener.closeNow(), STOP_TIME)
    await this.#listener.close()
    clearTimeout(late)
    clearTimeout(this.#expiry)
  }

  #open(socket: Socket<Connection>): void {
    const id = ++this.counters.accepted
    socket.data = new Connection(id, socket, this.#database, this.#reply)
    this.#connections.add(socket.data)
    this.counters.connections++
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection)
    this.counters.connections--
  }

  /** Dead keys are looked for while there are keys that can die. */
  #watchDeadlines(): void {
    const { store } = this.#database
    if (this.#expiry !== undefined || store.deadlineCount === 0) return
    this.#expiry = setTimeout(() => {
      this.#expiry = undefined
      store.runExpiryCycle()
      this.#watchDeadlines()
    }, EXPIRY_PERIOD)
  }
}
