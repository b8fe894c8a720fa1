import { native } from './binding.ts'
import { aborted, failure } from './errors.ts'

/** libuv watches the selector, or a thread waits: see the essay in `crates/binding/src/wake`. */
const [uv, thread] = [0, 1]

/** The longest delay that a timer of Node takes. */
const maxDelay = 2 ** 31 - 1

/** By the runtime, never by what symbols the process has: Bun has libuv's, and they abort. */
function wakeKind(): number {
  const forced = process.env['MIO_JS_WAKE']
  if (forced === 'uv') return uv
  if (forced === 'thread') return thread
  const { bun, deno } = process.versions
  const isNode = bun === undefined && deno === undefined
  return isNode && process.platform !== 'win32' ? uv : thread
}

/** One asynchronous wait: whatever comes first of events, time, abort and close. */
export class Wait {
  /** Settles once, with the number of events. */
  readonly done: Promise<number>
  readonly #poll: number
  readonly #records: Float64Array
  readonly #deadline: number
  readonly #signal: AbortSignal | undefined
  #resolve!: (count: number) => void
  #reject!: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #isOver = false

  constructor(
    poll: number,
    records: Float64Array,
    timeout: number,
    signal: AbortSignal | undefined,
  ) {
    this.#poll = poll
    this.#records = records
    this.#deadline = timeout === Infinity ? Infinity : performance.now() + timeout
    this.#signal = signal
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal?.aborted === true) {
      this.fail(aborted(signal))
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    if (timeout === 0) this.#immediate = setImmediate(this.#onTime)
    else this.#start()
  }

  #start(): void {
    const capacity = this.#records.length / 3
    const outcome = native.watch(this.#poll, wakeKind(), capacity, this.#onReady)
    if (outcome < 0) this.fail(failure(outcome, 'poll'))
    else if (outcome === 1) this.#immediate = setImmediate(this.#onReady, 0)
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
    if (count === 0) this.#start()
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
    this.#end()
    this.#resolve(count)
  }

  /** Ends the wait. What became ready stays for the next poll. */
  fail(error: Error): void {
    if (this.#isOver) return
    this.#end()
    native.unwatch(this.#poll)
    this.#reject(error)
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}
