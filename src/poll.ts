import { native } from './binding.ts'
import { optionsOf, own, signalOf, timeoutOf } from './check.ts'
import { track, untrack } from './collected.ts'
import { Counters } from './counters.ts'
import { check, pollBusy, pollClosed } from './errors.ts'
import { type Events, claim, release } from './events.ts'
import { type PollStats, pollFields } from './poll-stats.ts'
import { onUnix } from './raw.ts'
import { type Registry, registryOf } from './registry.ts'
import { isTracing, trace } from './trace.ts'
import { Wait } from './wait.ts'
import { Wake, chooseWake } from './wake.ts'

/**
 * Options of {@link Poll.pollAsync}.
 *
 * @example
 * ```ts
 * import { Events, Poll } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(16)
 * console.log(await poll.pollAsync(events, { timeout: 1 })) // 0
 *
 * const signal = AbortSignal.timeout(1)
 * await poll.pollAsync(events, { signal }).catch((error) => console.log(error.code)) // ABORT_ERR
 * poll.close()
 * ```
 */
export interface PollAsyncOptions {
  /** Milliseconds, fractions allowed. Default, and `null`: no limit. */
  readonly timeout?: number | null | undefined
  /** Rejects the wait with an `AbortError`. What became ready comes with the next poll. */
  readonly signal?: AbortSignal | undefined
}

/** The handle of a Poll that is closed: nobody has it. */
const closed = -1

/** Deno does not tell native code that a worker is to end, but ends loops of JavaScript. */
const pollNative = process.versions['deno'] === undefined ? native.poll : pollInSlices

/** Milliseconds: as often as native code asks elsewhere. */
const slice = 100

function pollInSlices(handle: number, timeout: number, records: Float64Array): number {
  if (!(timeout > slice)) return native.poll(handle, timeout, records)
  const end = performance.now() + timeout
  let left = timeout
  do {
    const count = native.poll(handle, Math.min(left, slice), records)
    if (count !== 0) return count
    left = end - performance.now()
  } while (left > 0)
  return 0
}

/**
 * Waits for readiness of the sources that are registered with it: one selector of the operating
 * system (epoll, kqueue, a completion port with AFD).
 *
 * Events are edge-triggered, and they may be false alarms. After an event, repeat the operation
 * until it returns `null`: only then is another event owed. On Windows that `null` asks anew for all
 * interests of the source, so one that is registered for both directions and has room to write gets
 * a writable event each time: look at what an event is for before acting on it.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(16)
 * const listener = TcpListener.bind('127.0.0.1:0')
 * poll.registry.register(listener, Token(7), Interest.READABLE)
 * const client = TcpStream.connect(listener.localAddr())
 *
 * await poll.pollAsync(events)
 * for (const event of events) console.log(event.token, event.isReadable()) // 7 true
 *
 * for (const open of [client, listener, poll]) open.close()
 * ```
 */
export class Poll implements Disposable {
  #handle: number
  #wait: Wait | null = null
  readonly #wake: Wake
  readonly #registry: Registry
  readonly #counters: Counters<keyof PollStats>

  /**
   * @throws a system error (`EMFILE`, `ENFILE`, `ENOMEM`); `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` when
   * `MIO_JS_WAKE` asks for what this runtime does not have.
   */
  constructor() {
    this.#wake = chooseWake()
    const handle = check(native.pollOpen(), 'poll')
    this.#handle = handle
    this.#registry = registryOf(this, handle)
    this.#counters = new Counters(pollFields, (out) => native.pollStats(handle, out))
    track(this, 'Poll', handle, native.pollClose)
    if (isTracing) trace('poll opened, woken by %s', this.#wake === Wake.uv ? 'libuv' : 'a thread')
  }

  /** Where sources are registered. */
  get registry(): Registry {
    return this.#registry
  }

  /**
   * Blocks this thread until something is ready or the time is over, and returns the number of
   * events, which are in `events` then: 0 only when the time is over.
   *
   * A blocked thread runs no timers, no promises and no signal handlers, so this belongs into a
   * worker, or is called with 0; elsewhere use {@link Poll.pollAsync}. `terminate()` of the worker
   * and `process.exit()` of the process end it within about 100 ms. Deno ends workers by force only
   * after some seconds, and then this as well.
   *
   * @param timeout Milliseconds, fractions allowed; 0 does not wait; `null`, `undefined` and
   * `Infinity` wait for ever. Never returns early; may be late by as much as the system's clock
   * tick (1 ms on Linux).
   * @throws `ERR_INVALID_STATE` during a {@link Poll.pollAsync}; `ERR_POLL_CLOSED`;
   * `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`; a system error. EINTR is hidden.
   */
  poll(events: Events, timeout?: number | null): number {
    const milliseconds = timeoutOf(timeout)
    if (this.#wait !== null) throw pollBusy()
    const handle = this.#handle
    const records = claim(events)
    const count = pollNative(handle, milliseconds, records)
    release(events, handle, count < 0 ? 0 : count)
    return check(count, 'poll')
  }

  /**
   * As {@link Poll.poll}, while the event loop runs: resolves with the number of events. Waits for
   * at least one turn of the loop, so that a busy poll does not starve timers. Keeps the process
   * alive; a Poll that nobody waits for does not.
   *
   * @throws (rejects) `ERR_INVALID_STATE` when a wait is in progress, or `events` is used by one;
   * `ABORT_ERR`; `ERR_POLL_CLOSED`, also when the Poll is closed meanwhile; as {@link Poll.poll}.
   */
  // oxlint-disable-next-line require-await: rejects instead of throwing
  async pollAsync(events: Events, options?: PollAsyncOptions): Promise<number> {
    const bag = optionsOf(options)
    const timeout = timeoutOf(own(bag, 'timeout'))
    const signal = signalOf(own(bag, 'signal'))
    if (this.#handle === closed) throw pollClosed()
    if (this.#wait !== null) throw pollBusy()
    const handle = this.#handle
    const records = claim(events)
    this.#wait = new Wait(handle, this.#wake, records, timeout, signal, (count) => {
      this.#wait = null
      release(events, handle, count)
    })
    const wait = this.#wait
    try {
      wait.start()
    } catch (error) {
      // The signal is an object of the program's, and may throw.
      wait.fail(error as Error)
    }
    return wait.done
  }

  /**
   * The selector's descriptor (epoll, kqueue), which stays the Poll's. It turns readable when there
   * are events.
   *
   * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  asRawFd(): number {
    return check(onUnix(this.#handle, native.pollRaw), 'fd')
  }

  /** Counters, since the Poll was made; the last ones once it is closed. */
  stats(): PollStats {
    return this.#counters.read()
  }

  /**
   * Closes the selector and its waker. Sources stay open and are registered nowhere. A wait in
   * progress rejects with `ERR_POLL_CLOSED`. Closing again does nothing.
   */
  close(): void {
    if (this.#handle === closed) return
    this.#counters.keep()
    check(native.pollClose(this.#handle), 'close')
    this.#handle = closed
    untrack(this)
    if (isTracing) trace('poll closed: %j', this.stats())
    this.#wait?.fail(pollClosed())
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
