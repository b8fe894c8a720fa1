/**
 * A network that behaves badly, on loopback: passes connections on and delays, splits or joins what
 * they send, lets later ones overtake, and resets some. It decides by a seed.
 */
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

export interface Weather {
  /** Milliseconds that bytes are held back, at most. Their order stays. */
  readonly delay?: number
  /** Bytes of a segment, at most: what arrives is passed on in pieces. */
  readonly split?: number
  /** Milliseconds in which everything is collected, and then passed on as one. */
  readonly coalesce?: number
  /** Milliseconds, at most, until a connection is made, so that a later one may be the earlier. */
  readonly reorder?: number
  /** Bytes, at most, after which a connection is reset on both sides. */
  readonly reset?: number
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Relay {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  readonly #weather: Weather
  readonly #random: () => number
  /** Connections in the order in which they were passed on, by the order in which they came. */
  readonly order: number[] = []
  #accepted = 0
  resets = 0

  private constructor(to: number, weather: Weather, seed: number) {
    this.#weather = weather
    this.#random = randomOf(seed)
    const options = { allowHalfOpen: true, noDelay: true }
    this.#server = net.createServer(options, (socket) => {
      const number = this.#accepted++
      const late = this.#most(weather.reorder)
      this.#keep(socket)
      later(late, () => {
        this.order.push(number)
        const onward = net.connect({ ...options, port: to, host: '127.0.0.1' })
        this.#keep(onward)
        this.#join(socket, onward)
      })
    })
  }

  /** One that passes everything on to a port, until the test ends. */
  static async start(
    t: ExecutionContext,
    to: number,
    weather: Weather,
    seed: number,
  ): Promise<Relay> {
    const relay = new Relay(to, weather, seed)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    t.teardown(async () => relay.#close())
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #most(limit: number | undefined): number {
    return limit === undefined ? 0 : this.#random() * limit
  }

  #join(one: net.Socket, other: net.Socket): void {
    let left = this.#weather.reset === undefined ? Infinity : 1 + this.#most(this.#weather.reset)
    const count = (bytes: number): boolean => {
      left -= bytes
      // One that has ended already is let go.
      if (left > 0 || one.destroyed || other.destroyed) return true
      this.resets += 1
      resetOf(one)
      resetOf(other)
      return false
    }
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      void this.#pass(from, to, count)
      // Whoever loses one side loses the other.
      from.once('close', (hadError) => {
        if (hadError) resetOf(to)
      })
    }
  }

  async #pass(from: net.Socket, to: net.Socket, count: (bytes: number) => boolean): Promise<void> {
    const { coalesce, delay } = this.#weather
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        if (delay !== undefined) await pause(this.#most(delay))
        if (coalesce !== undefined) await pause(coalesce)
        for (const part of this.#parts(chunk as Buffer)) {
          if (!count(part.length)) return
          if (!to.write(part)) await once(to, 'drain')
          // Otherwise the system would send both together.
          if (this.#weather.split !== undefined) await pause(0)
        }
      }
      to.end()
    } catch {
      // One of the two is gone, which the other is told elsewhere.
    }
  }

  *#parts(chunk: Buffer): Iterable<Buffer> {
    const { split } = this.#weather
    if (split === undefined) {
      yield chunk
      return
    }
    for (let at = 0; at < chunk.length;) {
      const length = 1 + Math.floor(this.#most(split))
      yield chunk.subarray(at, at + length)
      at += length
    }
  }
}

/** Node loses the descriptor of a socket that has ended and is reset then. */
function resetOf(socket: net.Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

async function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    later(milliseconds, resolve)
  })
}

function later(milliseconds: number, operation: () => void): void {
  if (milliseconds > 0) setTimeout(operation, milliseconds)
  else setImmediate(operation)
}
