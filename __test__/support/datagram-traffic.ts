/** Numbered datagrams to an echo and back, through whatever is in between. */
import { setTimeout } from 'node:timers/promises'
import { Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
import type { Target } from './doors/index.js'

const size = 600
/** Datagrams that leave together, and milliseconds until the next. */
const [burst, pace] = [10, 5]

/** Sends back whatever comes. */
export class DatagramEcho {
  readonly #socket: UdpSocket
  readonly #receiving: Receiving

  constructor(host: string) {
    this.#socket = UdpSocket.bind({ address: host, port: 0 })
    const buffer = Buffer.alloc(2_048)
    this.#receiving = new Receiving(this.#socket, () => {
      this.#socket.recvAll(buffer, (length, from) => {
        this.#socket.sendTo(buffer, from, 0, length)
      })
    })
  }

  get port(): number {
    return this.#socket.localAddr().port
  }

  async close(): Promise<void> {
    await this.#receiving.stop()
  }
}

/** What became of datagrams. */
export interface Counts {
  readonly sent: number
  readonly received: number
  /** Not as they were sent. */
  readonly damaged: number
  /** More than once. */
  readonly repeated: number
  /** Codes of errors, of sending and receiving, each once. */
  readonly errors: readonly string[]
}

/** A connected socket, which sends what it is told to. */
export class DatagramPeer {
  readonly #socket = UdpSocket.bind({ address: '0.0.0.0', port: 0 })
  readonly #receiving: Receiving
  readonly #errors = new Set<string>()
  readonly #seen = new Set<number>()
  #damaged = 0
  #repeated = 0
  #last = 0

  constructor({ host, port }: Target) {
    this.#socket.connect({ address: host, port })
    const buffer = Buffer.alloc(2_048)
    const receive = (): void => {
      this.#socket.recvAll(buffer, (length) => this.#take(buffer.subarray(0, length)))
    }
    this.#receiving = new Receiving(this.#socket, () => {
      // An error is told once, and there may be datagrams behind it.
      while (!this.#try(receive));
    })
  }

  /** Sends so many, and waits a moment for those that come back last. */
  async send(count: number): Promise<Counts> {
    this.#errors.clear()
    this.#seen.clear()
    this.#damaged = 0
    this.#repeated = 0
    let sent = 0
    for (let n = 0; n < count; n += 1) {
      if (n % burst === 0) await setTimeout(pace)
      this.#last += 1
      const bytes = bytesOf(this.#last)
      if (this.#try(() => this.#socket.send(bytes))) sent += 1
    }
    await setTimeout(200)
    return {
      sent,
      received: this.#seen.size,
      damaged: this.#damaged,
      repeated: this.#repeated,
      errors: [...this.#errors],
    }
  }

  async close(): Promise<void> {
    await this.#receiving.stop()
  }

  #take(bytes: Buffer): void {
    const number = bytes.readUInt32BE()
    if (!bytes.equals(bytesOf(number))) this.#damaged += 1
    if (this.#seen.has(number)) this.#repeated += 1
    this.#seen.add(number)
  }

  #try(operation: () => unknown): boolean {
    try {
      operation()
      return true
    } catch (error) {
      this.#errors.add((error as NodeJS.ErrnoException).code ?? String(error))
      return false
    }
  }
}

function bytesOf(number: number): Buffer {
  const bytes = Buffer.alloc(size, number % 251)
  bytes.writeUInt32BE(number)
  return bytes
}

/** Tells when there is something to receive, until it is stopped; closes the socket then. */
class Receiving {
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>

  constructor(socket: UdpSocket, receive: () => void) {
    this.#ended = this.#run(socket, receive)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async #run(socket: UdpSocket, receive: () => void): Promise<void> {
    const { signal } = this.#stop
    const events = Events.withCapacity(4)
    const poll = new Poll()
    poll.registry.register(socket, Token(0), Interest.READABLE)
    while (!signal.aborted) {
      await poll.pollAsync(events, { signal }).then(receive, () => {})
    }
    socket.close()
    poll.close()
  }
}
