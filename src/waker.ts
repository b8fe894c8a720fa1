import { native } from './binding.ts'
import { checkInteger, own } from './check.ts'
import { check, invalidType, wakerClosed } from './errors.ts'
import { type Registry, pollOf } from './registry.ts'
import { Token } from './token.ts'

/**
 * What {@link Waker.share} returns: plain data for `postMessage`.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { Events, Poll, Token, Waker } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const waker = new Waker(poll.registry, Token(99))
 *
 * const code = `
 *   const { workerData } = require('node:worker_threads')
 *   const { Waker } = require('mio-js')
 *   Waker.from(workerData).wake()
 * `
 * const worker = new Worker(code, { eval: true, workerData: waker.share() })
 * await poll.pollAsync(events)
 * for (const event of events) console.log(event.token) // 99
 *
 * await worker.terminate()
 * waker.close()
 * poll.close()
 * ```
 */
export interface SharedWaker {
  /** A number that no other waker of the process has, or had. */
  readonly waker: number
}

const shared = Symbol('shared')

/**
 * Makes a {@link Poll} return, from this thread or from another: the poll reports an event with the
 * waker's token that is readable. A wake before the poll counts, and several may merge into one.
 *
 * Only one waker can be open for a Poll. It lives as long as the Poll, even if this object is
 * collected.
 *
 * @example
 * ```ts
 * import { Events, Poll, Token, Waker } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const waker = new Waker(poll.registry, Token(99))
 *
 * setImmediate(() => waker.wake()) // or from a worker: see share()
 * await poll.pollAsync(events)
 * for (const event of events) console.log(event.token) // 99
 *
 * waker.close()
 * poll.close()
 * ```
 */
export class Waker implements Disposable {
  readonly #id: number
  /** The Poll of a waker that was made here; a shared one has none to close. */
  readonly #poll: number | null
  #isClosed = false

  /**
   * @throws `ERR_WAKER_EXISTS` for a second one; `ERR_TOKEN_IN_USE` for a token that a source has;
   * `ERR_POLL_CLOSED`; a system error (`EMFILE`).
   */
  constructor(registry: Registry, token: Token)
  /** @internal */
  constructor(id: number, secret: symbol)
  constructor(first: Registry | number, second: Token | symbol) {
    if (second === shared) {
      this.#poll = null
      this.#id = first as number
      return
    }
    this.#poll = pollOf(first as Registry)
    this.#id = check(native.wakerOpen(this.#poll, Token(second as Token)), 'waker')
  }

  /**
   * A waker for what {@link Waker.share} returned, in whichever thread of the same process.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE` for something else; `ERR_WAKER_CLOSED` when
   * the Poll is gone.
   */
  static from(value: SharedWaker): Waker {
    if (typeof value !== 'object' || value === null) {
      throw invalidType('shared', 'what share() returned', value)
    }
    const id = own(value, 'waker')
    checkInteger('shared.waker', id, 0, Number.MAX_SAFE_INTEGER)
    if (check(native.wakerExists(id as number), 'waker') === 0) throw wakerClosed()
    return new Waker(id as number, shared)
  }

  /**
   * Wakes the Poll. Never blocks.
   *
   * @throws `ERR_WAKER_CLOSED` when this waker, the one that it shares, or their Poll is closed.
   */
  wake(): void {
    if (this.#isClosed) throw wakerClosed()
    check(native.wake(this.#id), 'wake')
  }

  /** Plain data to post to another thread, which makes a waker of it by {@link Waker.from}. */
  share(): SharedWaker {
    return Object.freeze({ waker: this.#id })
  }

  /**
   * Closes the waker, and with it all that are shared from it; a wake that no poll has reported is
   * dropped. Another waker may be made then. Closing a shared one closes only that.
   */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    // Fails only if the Poll is closed, and then its waker is closed as well.
    if (this.#poll !== null) native.wakerClose(this.#poll)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
