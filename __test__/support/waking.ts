/**
 * A thread that wakes a Poll of another one. `Waking` is its side of the main thread, and this
 * module is also what the thread runs.
 */
import { once } from 'node:events'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import { type SharedWaker, Waker } from 'mio-js'

/** Cells of the memory that both threads have. */
const [requested, begun, done, failed] = [0, 1, 2, 3]

/** Asks the thread for wakes, and counts those it made. */
export class Waking {
  readonly #cells = new Int32Array(new SharedArrayBuffer(16))
  readonly #worker: Worker

  private constructor(shared: SharedWaker) {
    this.#worker = new Worker(new URL(import.meta.url), {
      workerData: { shared, cells: this.#cells },
    })
  }

  static async start(t: ExecutionContext, shared: SharedWaker): Promise<Waking> {
    const waking = new Waking(shared)
    t.teardown(() => waking.#worker.terminate())
    await once(waking.#worker, 'message')
    return waking
  }

  /** Asks for so many more wakes, and returns at once. */
  request(count: number): void {
    Atomics.add(this.#cells, requested, count)
    Atomics.notify(this.#cells, requested)
  }

  /** How many wakes were begun: each counts before it is made, as what a program wakes for. */
  get begun(): number {
    return Atomics.load(this.#cells, begun)
  }

  /** How many wakes were made so far, failed ones included. */
  get done(): number {
    return Atomics.load(this.#cells, done)
  }

  /** How many of them were refused with `ERR_WAKER_CLOSED`. */
  get failed(): number {
    return Atomics.load(this.#cells, failed)
  }
}

function serve({ shared, cells }: { shared: SharedWaker; cells: Int32Array }): never {
  const waker = Waker.from(shared)
  parentPort?.postMessage('ready')
  for (let made = 0; ; made += 1) {
    Atomics.wait(cells, requested, made)
    Atomics.add(cells, begun, 1)
    try {
      waker.wake()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WAKER_CLOSED') throw error
      Atomics.add(cells, failed, 1)
    }
    Atomics.add(cells, done, 1)
  }
}

if (!isMainThread) serve(workerData as Parameters<typeof serve>[0])
