import { Events, Interest, Poll, TcpListener, Token, type SocketAddr, type TcpStream } from 'mio-js'
import type { Counters, Database } from '../command.ts'
import { codeOf, isSystemError } from '../errors.ts'
import { EXPIRY_PERIOD } from '../limits.ts'
import type { RedisServer } from '../program.ts'
import { ReplyBuffer } from '../reply.ts'
import { Store } from '../store.ts'
import { Connection, ENDED, UNFINISHED, type Workspace } from './connection.ts'

const LISTENER = Token(0)
/** The token of a connection is its slot plus this. */
const FIRST_CONNECTION = 1

const EVENTS = 1024
const BACKLOG = 511
const SCRATCH_SIZE = 64 * 1024

/** Connections accepted per turn before those already there have theirs. */
const ACCEPT_BUDGET = 1000
/** How long to wait when the system has no file descriptor or memory for one more connection. */
const ACCEPT_PAUSE = 100

/**
 * The loop: wait for events, give every connection that has one its turn, wait again.
 *
 * Events only put a connection on a list; reading, writing and closing begin when all events of the
 * batch have been seen. So no event can belong to a connection that was closed, and replaced in its
 * slot, earlier in the same batch.
 */
export class Server implements RedisServer {
  readonly host: string
  readonly port: number
  readonly counters: Counters
  readonly #listener: TcpListener
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(EVENTS)
  readonly #database: Database
  readonly #workspace: Workspace = {
    scratch: Buffer.allocUnsafeSlow(SCRATCH_SIZE),
    reply: new ReplyBuffer(),
  }

  #connections: (Connection | undefined)[] = []
  #freeSlots: number[] = []
  #scheduled: number[] = []
  /** There may be connections to accept, and no event will say so. */
  #acceptable = false
  #acceptAfter = 0
  #nextCycle = 0

  constructor(listener: TcpListener) {
    this.#listener = listener
    const { address, port } = listener.localAddr()
    this.host = address
    this.port = port
    this.counters = {
      connections: 0,
      accepted: 0,
      commands: 0,
      startedAt: performance.now(),
      port,
    }
    this.#database = { store: new Store(), counters: this.counters }
    this.#poll.registry.register(listener, LISTENER, Interest.READABLE)
  }

  /** Listens; throws the system's error, with its `code`. */
  static listen(address: string, port: number): Server {
    return new Server(TcpListener.bind({ address, port }, { backlog: BACKLOG }))
  }

  /** Serves until the signal is given, then closes everything. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#poll.pollAsync(this.#events, { timeout: this.#timeout(), signal })
        this.#turn()
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.#close()
    }
  }

  #turn(): void {
    for (let i = 0; i < this.#events.length; i++) {
      const token = this.#events.tokenAt(i)
      if (token === LISTENER) this.#acceptable = true
      else this.#schedule(token - FIRST_CONNECTION)
    }
    // First the connections there are: they make room for those that wait to be accepted.
    const scheduled = this.#scheduled
    this.#scheduled = []
    for (const slot of scheduled) this.#serve(slot)
    if (this.#acceptable && performance.now() >= this.#acceptAfter) this.#accept()
    this.#expire()
  }

  /** Milliseconds to wait for events; null for as long as it takes. */
  #timeout(): number | null {
    if (this.#scheduled.length > 0) return 0
    const now = performance.now()
    let until = Infinity
    if (this.#acceptable) until = this.#acceptAfter
    if (this.#database.store.deadlineCount > 0) until = Math.min(until, this.#nextCycle)
    return until === Infinity ? null : Math.max(0, until - now)
  }

  #schedule(slot: number): void {
    const connection = this.#connections[slot]
    if (connection === undefined || connection.scheduled) return
    connection.scheduled = true
    this.#scheduled.push(slot)
  }

  #serve(slot: number): void {
    const connection = this.#connections[slot]!
    connection.scheduled = false
    const outcome = connection.turn()
    if (outcome === UNFINISHED) this.#schedule(slot)
    else if (outcome === ENDED) this.#remove(slot)
  }

  #accept(): void {
    for (let count = 0; count < ACCEPT_BUDGET; count++) {
      let accepted: [TcpStream, SocketAddr] | null
      try {
        accepted = this.#listener.accept()
      } catch (error) {
        // The client has gone while it waited; the next one may be there.
        if (codeOf(error) === 'ERR_CONNECTION_ABORTED') continue
        if (!isSystemError(error)) throw error
        // Out of descriptors, most likely. The clients stay in the queue, and as they are not new
        // there will be no event for them: time has to bring the server back.
        this.#acceptAfter = performance.now() + ACCEPT_PAUSE
        return
      }
      if (accepted === null) {
        this.#acceptable = false
        return
      }
      this.#add(accepted[0])
    }
  }

  #add(stream: TcpStream): void {
    const slot = this.#freeSlots.pop() ?? this.#connections.length
    try {
      stream.setNodelay(true)
      // Both, once: an edge-triggered poll says "writable" only after the socket has been full.
      const interest = Interest.READABLE.add(Interest.WRITABLE)
      this.#poll.registry.register(stream, Token(slot + FIRST_CONNECTION), interest)
    } catch {
      // It was reset already, or the system has no room to watch it.
      stream.close()
      this.#freeSlots.push(slot)
      return
    }
    const id = ++this.counters.accepted
    this.#connections[slot] = new Connection(id, stream, this.#database, this.#workspace)
    this.counters.connections++
  }

  #remove(slot: number): void {
    const connection = this.#connections[slot]!
    this.#connections[slot] = undefined
    this.#freeSlots.push(slot)
    this.counters.connections--
    connection.stream.close()
  }

  #expire(): void {
    const { store } = this.#database
    if (store.deadlineCount === 0) return
    const now = performance.now()
    if (now < this.#nextCycle) return
    store.runExpiryCycle()
    this.#nextCycle = now + EXPIRY_PERIOD
  }

  #close(): void {
    this.#listener.close()
    for (const connection of this.#connections) connection?.stream.close()
    this.#connections = []
    this.counters.connections = 0
    this.#poll.close()
  }
}
