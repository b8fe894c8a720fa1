/** A pipe and a pair of Unix sockets on a Poll, through which more goes than the system holds. */
import { setTimeout as delay } from 'node:timers/promises'
import { Events, Interest, Poll, type Receiver, type Sender, Token, UnixStream, pipe } from 'mio-js'
import type { Line } from '../ledger.js'
import type { Scenario, World } from '../scenario.js'

/** One direction: who writes, and who reads. */
class Channel {
  readonly #from: Sender | UnixStream
  readonly #to: Receiver | UnixStream
  readonly #line: Line
  readonly #isVectored: boolean
  isOpen = true

  constructor(
    world: World,
    name: string,
    [from, to]: [Sender | UnixStream, Receiver | UnixStream],
    isVectored: boolean,
  ) {
    this.#from = from
    this.#to = to
    this.#line = world.ledger.line(name, world.random.between(1, 300_000), world.random)
    this.#line.isServed = true
    this.#isVectored = isVectored
  }

  register(poll: Poll, first: number): void {
    this.#guard(() => {
      poll.registry.register(this.#from, Token(first), Interest.WRITABLE)
      poll.registry.register(this.#to, Token(first + 1), Interest.READABLE)
    })
  }

  step(): void {
    if (!this.isOpen) return
    this.#guard(() => {
      this.#write()
      this.#read()
    })
  }

  #write(): void {
    const { up } = this.#line
    while (up.acknowledged < up.bytes.length) {
      const rest = up.bytes.subarray(up.acknowledged, up.acknowledged + 50_000)
      up.sent = up.acknowledged + rest.length
      const half = rest.length >> 1
      const parts = [rest.subarray(0, half), rest.subarray(half)]
      const count = this.#isVectored ? this.#from.writeVectored(parts) : this.#from.write(rest)
      if (count === null) return
      up.acknowledged += count
    }
    this.#from.close()
  }

  #read(): void {
    const { up } = this.#line
    for (;;) {
      const buffer = Buffer.alloc(20_000)
      const parts = [buffer.subarray(0, 100), buffer.subarray(100)]
      const count = this.#isVectored ? this.#to.readVectored(parts) : this.#to.read(buffer)
      if (count === null) return
      if (count === 0) break
      up.arrived(buffer.subarray(0, count))
    }
    up.ended()
    this.#close()
  }

  #guard(operation: () => void): void {
    try {
      operation()
    } catch (error) {
      this.#line.client.failed(error)
      this.#close()
    }
  }

  #close(): void {
    this.isOpen = false
    this.#from.close()
    this.#to.close()
  }
}

export const scenario: Scenario = {
  settings: [{ io: 'sync', wake: 'uv' }],

  async run(world) {
    const poll = world.attempt('poll', () => new Poll())
    if (poll === undefined) return
    const pairs = [
      world.attempt('pipe', pipe),
      world.attempt('pipe', pipe),
      world.attempt('pair', () => UnixStream.pair()),
      world.attempt('pair', () => UnixStream.pair()),
    ]
    const channels = pairs.flatMap((pair, n) =>
      pair === undefined ? [] : [new Channel(world, `pair ${n}`, pair, n % 2 === 1)],
    )
    for (const [n, channel] of channels.entries()) channel.register(poll, 2 * n)
    const events = Events.withCapacity(16)
    while (channels.some(({ isOpen }) => isOpen)) {
      if (world.isLate) throw new Error('hangs: the channels')
      try {
        poll.poll(events, 500)
      } catch (error) {
        world.ledger.told('poll', error)
        await delay(1)
      }
      const ready = new Set([...events].map(({ token }) => token >> 1))
      for (const n of ready) channels[n]?.step()
    }
    world.attempt('close', () => poll.close())
  },
}
