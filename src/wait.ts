import { native } from './binding.ts'
import { aborted, failure } from './errors.ts'
import { stride } from './events.ts'
import type { Wake } from './wake.ts'

/** The longest delay that a timer of Node takes. */
const maxDelay = 2 ** 31 - 1

/** One asynchronous wait: whatever comes first of events, time, abort and close. */
export class Wait {
  /** Settles once, with the number of events. */
  readonly done: Promise<number>
  readonly #poll: number
  readonly #wake: Wake
  readonly #records: Float64Array
  readonly #deadline: number
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: (count: number) => void
  #resolve!: (count: number) => void
  #reject!: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isOver = false

  /** `onEnd` is called when the wait is over, before anybody can see that it is. */
  constructor(
    poll: number,
    wake: Wake,
    records: Float64Array,
    timeout: number,
    signal: AbortSignal | undefined,
    onEnd: (count: number) => void,
  ) {
    this.#poll = poll
    this.#wake = wake
    this.#records = records
    this.#deadline = timeout === Infinity ? Infinity : performance.now() + timeout
    this.#signal = signal
    this.#onEnd = onEnd
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  start(): void {
    if (this.#signal?.aborted === true) {
      this.#onAbort()
      return
    }
    this.#signal?.addEventListener('abort', this.#onAbort)
    if (this.#deadline > performance.now()) this.#watch()
    else this.#immediate = setImmediate(this.#onTime)
  }

  #watch(): void {
    const capacity = this.#records.length / stride
    const outcome = native.watch(this.#poll, this.#wake, capacity, this.#onReady)
    if (outcome < 0) {
      this.fail(failure(outcome, 'poll'))
      return
    }
    if (outcome === 1) this.#immediate = setImmediate(this.#onReady, 0)
    if (this.#deadline !== Infinity && this.#timer === undefined) this.#arm()
  }

  #arm(): void {
    const left = Math.max(0, Math.ceil(this.#deadline - performance.now()))
    this.#timer = setTimeout(this.#onTime, Math.min(left, maxDelay))
  }

  /** The selector may have events: perhaps only ones that are not the program's. */
  readonly #onReady = (code: number): void => {
    if (this.#isOver) return
    if (code < 0) {
      this.fail(failure(code, 'poll'))
      return
    }
    const count = native.poll(this.#poll, 0, this.#records)
    if (count === 0) this.#watch()
    else this.#finish(count)
  }

  /** Timers may fire early by a fraction of a millisecond. */
  readonly #onTime = (): void => {
    if (this.#isOver) return
    if (performance.now() < this.#deadline) {
      this.#arm()
      return
    }
    native.unwatch(this.#poll)
    this.#finish(native.poll(this.#poll, 0, this.#records))
  }

  readonly #onAbort = (): void => {
    this.fail(aborted(this.#signal as AbortSignal))
  }

  #finish(count: number): void {
    if (count < 0) {
      this.fail(failure(count, 'poll'))
      return
    }
    this.#end(count)
    this.#resolve(count)
  }

  /** Ends the wait. What became ready stays for the next poll. */
  fail(error: Error): void {
    if (this.#isOver) return
    native.unwatch(this.#poll)
    this.#end(0)
    this.#reject(error)
  }

  #end(count: number): void {
    this.#isOver = true
    this.#onEnd(count)
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    try {
      this.#signal?.removeEventListener('abort', this.#onAbort)
    } catch {
      // It is an object of the program's, and the wait is over all the same.
    }
  }
}
