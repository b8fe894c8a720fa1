/** Sends every datagram back, a bounded number of them in each turn of the event loop. */
import { setImmediate } from 'node:timers/promises'
import { Datagrams, Events, Interest, Poll, Token, UdpSocket } from 'mio-js'

/** Calls until others have their turn. */
const turn = 4

export class DatagramServing {
  readonly #socket = UdpSocket.bind('127.0.0.1:0')
  readonly #datagrams = new Datagrams({ count: 64, size: 2_048 })
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  received = 0

  constructor() {
    this.#ended = this.#serve()
  }

  get port(): number {
    return this.#socket.localAddr().port
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#ended
  }

  async #serve(): Promise<void> {
    const { signal } = this.#stop
    const poll = new Poll()
    const events = Events.withCapacity(4)
    poll.registry.register(this.#socket, Token(0), Interest.READABLE)
    while (!signal.aborted) {
      await poll.pollAsync(events, { signal }).catch(() => {})
      while (!signal.aborted && this.#more()) await setImmediate()
    }
    this.#socket.close()
    poll.close()
  }

  /** Whether there may be more. What there is no room to send is lost, as datagrams may be. */
  #more(): boolean {
    for (let calls = 0; calls < turn; calls += 1) {
      const count = this.#socket.recvMany(this.#datagrams)
      if (count === null) return false
      this.received += count
      this.#socket.sendMany(this.#datagrams, count)
    }
    return true
  }
}
