import { checkInteger } from './check.ts'
import { illegalConstructor, invalidState, invalidType, outOfRange } from './errors.ts'
import { type Event, eventOf, isStale } from './event.ts'
import type { Token } from './token.ts'

const key = Symbol('Events')

/** One event is three numbers: token, readiness, registration. */
export const stride = 3

/** More than any system hands out at once; an allocation that cannot fail. */
const maxCapacity = 2 ** 20

/** Takes the events for one poll; throws if they are no events, or taken. */
export let claim: (events: Events) => Float64Array

/** Gives the events back with what `poll` put in. */
export let release: (events: Events, poll: number, length: number) => void

/**
 * Room for a batch of events, used again for every poll: nothing is allocated per event unless the
 * events are iterated.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const socket = UdpSocket.bind('127.0.0.1:0')
 * poll.registry.register(socket, Token(3), Interest.WRITABLE)
 *
 * const events = Events.withCapacity(128) // used again for every poll
 * poll.poll(events, 1000)
 * for (const event of events) console.log(event.token) // 3
 *
 * // Without an object for each event:
 * for (let i = 0; i < events.length; i += 1) console.log(events.tokenAt(i)) // 3
 *
 * socket.close()
 * poll.close()
 * ```
 */
export class Events {
  readonly #records: Float64Array
  #length = 0
  #poll = -1
  #isClaimed = false

  private constructor(capacity: number, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.#records = new Float64Array(capacity * stride)
  }

  static {
    claim = (events) => {
      const isEvents = typeof events === 'object' && events !== null && #records in events
      if (!isEvents) throw invalidType('events', 'an Events', events)
      if (events.#isClaimed) throw invalidState('The Events are in use by a wait')
      events.#isClaimed = true
      events.#length = 0
      return events.#records
    }
    release = (events, poll, length) => {
      events.#isClaimed = false
      events.#length = length
      events.#poll = poll
    }
  }

  /**
   * Room for `capacity` events, 1 to 1,048,576. What does not fit comes with the next poll. Too
   * little makes busy connections wait for each other: 1024 is a good start.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`.
   */
  static withCapacity(capacity: number): Events {
    checkInteger('capacity', capacity, 1, maxCapacity)
    return new Events(capacity, key)
  }

  /** How many events one poll returns at most. */
  get capacity(): number {
    return this.#records.length / stride
  }

  /** How many events there are. */
  get length(): number {
    return this.#length
  }

  /** Whether there are none. */
  isEmpty(): boolean {
    return this.#length === 0
  }

  /** Forgets the events. Each poll does it first. */
  clear(): void {
    if (this.#isClaimed) throw invalidState('The Events are in use by a wait')
    this.#length = 0
  }

  /** The token of the event at `index`, without an object. @throws `ERR_OUT_OF_RANGE`. */
  tokenAt(index: number): Token {
    return this.#at(index, 0) as Token
  }

  /** The bits of {@link Readiness} of the event at `index`. @throws `ERR_OUT_OF_RANGE`. */
  readinessAt(index: number): number {
    return this.#at(index, 1)
  }

  /** {@link Event.isStale} of the event at `index`. @throws `ERR_OUT_OF_RANGE`. */
  isStale(index: number): boolean {
    return isStale(this.#poll, this.#at(index, 2))
  }

  #at(index: number, field: number): number {
    // Looked at before it is compared, which would run code of the program's. A negative one finds nothing.
    const isThere = Number.isInteger(index) && index < this.#length
    const value = isThere ? this.#records[index * stride + field] : undefined
    if (value === undefined) {
      throw outOfRange('index', `an integer below ${this.#length}`, index)
    }
    return value
  }

  /** The events as objects, in the order in which the system reported them. */
  *iter(): IterableIterator<Event> {
    for (let index = 0; index < this.#length; index += 1) {
      const token = this.#at(index, 0) as Token
      yield eventOf(token, this.#at(index, 1), this.#poll, this.#at(index, 2))
    }
  }

  [Symbol.iterator](): IterableIterator<Event> {
    return this.iter()
  }
}
