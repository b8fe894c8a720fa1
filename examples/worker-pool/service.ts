/** What a worker does with its connections: it greets, echoes, and finishes when it is told to. */
import { Events, Interest, Poll, type TcpListener, type TcpStream, Token, Waker } from 'mio-js'

interface Connection {
  readonly stream: TcpStream
  /** Read, and not written yet. */
  unsent: Buffer | null
}
type Outcome = 'waiting' | 'unfinished' | 'over'

const [listenerToken, wakerToken] = [Token(0), Token(1)]
const BOTH = Interest.READABLE.add(Interest.WRITABLE)
/** Reads of one connection in a row, while others wait. */
const BUDGET = 16

export class Service {
  readonly #greeting: Buffer
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(1024)
  readonly #waker = new Waker(this.#poll.registry, wakerToken)
  readonly #buffer = Buffer.allocUnsafe(65_536)
  readonly #connections = new Map<number, Connection>()
  #listener: TcpListener | null = null
  #lastToken: number = wakerToken
  #isStopping = false

  constructor(name: string) {
    this.#greeting = Buffer.from(`${name}\n`)
  }

  /** Accepts for itself. */
  listen(listener: TcpListener): void {
    this.#listener = listener
    this.#poll.registry.register(listener, listenerToken, Interest.READABLE)
  }

  add(stream: TcpStream): void {
    const token = Token((this.#lastToken += 1))
    this.#poll.registry.register(stream, token, BOTH)
    this.#connections.set(token, { stream, unsent: this.#greeting })
  }

  /** No new connections; `run` ends with the last one. */
  stop(): void {
    this.#isStopping = true
    this.#accept()
    this.#listener?.close()
    this.#listener = null
    this.#waker.wake()
  }

  async run(): Promise<void> {
    /** Those that used up their budget: no event comes for what is left of theirs. */
    let unfinished = new Set<number>()
    while (!this.#isStopping || this.#connections.size > 0) {
      await this.#poll.pollAsync(this.#events, { timeout: unfinished.size > 0 ? 0 : null })
      for (const { token } of this.#events) unfinished.add(token)
      const turn = unfinished
      unfinished = new Set()
      for (const token of turn) {
        if (token === listenerToken) this.#accept()
        else if (this.#serve(token) === 'unfinished') unfinished.add(token)
      }
    }
    this.#poll.close()
  }

  #accept(): void {
    try {
      this.#listener?.acceptAll((stream) => this.add(stream))
    } catch (error) {
      console.error((error as Error).message) // no room: they stay in the queue, without an event
      setTimeout(() => this.#accept(), 100)
    }
  }

  #serve(token: number): Outcome | undefined {
    const connection = this.#connections.get(token)
    if (connection === undefined) return undefined
    let outcome: Outcome = 'over'
    try {
      outcome = this.#echo(connection)
    } catch {
      // The peer reset the connection.
    }
    if (outcome !== 'over') return outcome
    connection.stream.close()
    this.#connections.delete(token)
    return outcome
  }

  #echo(connection: Connection): Outcome {
    let reads = 0
    const onBytes = (count: number): boolean => {
      reads += 1
      const written = connection.stream.write(this.#buffer, 0, count) ?? 0
      if (written < count) connection.unsent = Buffer.from(this.#buffer.subarray(written, count))
      return written === count && reads < BUDGET
    }
    for (;;) {
      if (!flush(connection)) return 'waiting'
      if (reads >= BUDGET) return 'unfinished'
      const ended = connection.stream.readAll(this.#buffer, onBytes)
      if (ended !== false) return ended === true ? 'over' : 'waiting'
    }
  }
}

/** Whether all is written. */
function flush(connection: Connection): boolean {
  while (connection.unsent !== null) {
    const written = connection.stream.write(connection.unsent)
    if (written === null) return false
    const isAll = written === connection.unsent.length
    connection.unsent = isAll ? null : connection.unsent.subarray(written)
  }
  return true
}
