import { inspect } from 'node:util'
import { native } from './binding.ts'
import { illegalConstructor } from './errors.ts'
import type { Token } from './token.ts'

/**
 * The bits of {@link Events.readinessAt}; the values are shared with the core.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, Readiness, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const socket = UdpSocket.bind('127.0.0.1:0')
 * poll.registry.register(socket, Token(0), Interest.WRITABLE)
 * poll.poll(events, 1000)
 * console.log((events.readinessAt(0) & Readiness.WRITABLE) !== 0) // true
 * socket.close()
 * poll.close()
 * ```
 */
export const Readiness = Object.freeze({
  READABLE: 1,
  WRITABLE: 2,
  ERROR: 4,
  READ_CLOSED: 8,
  WRITE_CLOSED: 16,
  PRIORITY: 32,
  AIO: 64,
  LIO: 128,
} as const)

const key = Symbol('Event')

/** Makes an event. */
export let eventOf: (token: Token, readiness: number, poll: number, registration: number) => Event

/**
 * What one source is ready for. A snapshot: it stays valid when its {@link Events} are used again.
 *
 * Only `isReadable` and `isWritable` mean the same on every platform, and even they may be false
 * alarms: the read or the write itself is the truth. The others are hints that may be missing.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const socket = UdpSocket.bind('127.0.0.1:0')
 * poll.registry.register(socket, Token(0), Interest.WRITABLE)
 * poll.poll(events, 1000)
 *
 * const [event] = events
 * console.log(event?.isWritable(), event?.isError()) // true false
 * socket.close()
 * console.log(event?.isStale()) // true
 * poll.close()
 * ```
 */
export class Event {
  /** The token of the last registration. */
  readonly token: Token
  readonly #readiness: number
  readonly #poll: number
  readonly #registration: number

  private constructor(
    token: Token,
    readiness: number,
    poll: number,
    registration: number,
    secret: symbol,
  ) {
    if (secret !== key) throw illegalConstructor()
    this.token = token
    this.#readiness = readiness
    this.#poll = poll
    this.#registration = registration
  }

  static {
    eventOf = (token, readiness, poll, registration) =>
      new Event(token, readiness, poll, registration, key)
  }

  /** Reading, or accepting, may succeed; so may learning about an end or an error by it. */
  isReadable(): boolean {
    return (this.#readiness & Readiness.READABLE) !== 0
  }

  /** Writing may succeed; a connect may be over. */
  isWritable(): boolean {
    return (this.#readiness & Readiness.WRITABLE) !== 0
  }

  /** Hint: an error is pending. */
  isError(): boolean {
    return (this.#readiness & Readiness.ERROR) !== 0
  }

  /** Hint: the peer will send no more. There may still be bytes to read. */
  isReadClosed(): boolean {
    return (this.#readiness & Readiness.READ_CLOSED) !== 0
  }

  /** Hint: nothing can be sent any more. */
  isWriteClosed(): boolean {
    return (this.#readiness & Readiness.WRITE_CLOSED) !== 0
  }

  /** Urgent data has arrived. Linux and Android, with `Interest.PRIORITY`. */
  isPriority(): boolean {
    return (this.#readiness & Readiness.PRIORITY) !== 0
  }

  /** Completion of POSIX AIO. macOS, FreeBSD, DragonFly. */
  isAio(): boolean {
    return (this.#readiness & Readiness.AIO) !== 0
  }

  /** Completion of `lio_listio`. FreeBSD. */
  isLio(): boolean {
    return (this.#readiness & Readiness.LIO) !== 0
  }

  /**
   * Whether the source was closed or deregistered since this event was made. Such an event is
   * never taken for one of another source, whatever the other's descriptor or token.
   */
  isStale(): boolean {
    return isStale(this.#poll, this.#registration)
  }

  [inspect.custom](): string {
    const flags = Object.entries(Readiness)
      .filter(([, bit]) => (this.#readiness & bit) !== 0)
      .map(([name]) => name)
    return `Event { token: ${this.token}, ${flags.join(' | ')} }`
  }
}

/** Whether the registration of an event has ended. A wake has none, and is never stale. */
export function isStale(poll: number, registration: number): boolean {
  return registration >= 0 && native.pollIsCurrent(poll, registration) !== 1
}
