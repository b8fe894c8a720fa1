/**
 * A thread that echoes on the streams that are given to it, and may pass them on to another one.
 * `EchoThread` is its side of the main thread, and this module is also what the thread runs.
 */
import { once } from 'node:events'
import { type MessagePort, Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import { Events, Poll, type SharedTcpStream, TcpStream, Token } from 'mio-js'
import { BOTH } from './sockets.js'

/** Cells of the memory that both threads have. */
const cell = { taken: 0, gone: 1, moved: 2, closed: 3 }

interface Setup {
  /** Where streams go to, and come from as well as from the main thread. */
  next?: MessagePort | undefined
  /** After so many bytes of one stream. */
  moveAfter?: number | undefined
}

/** Gives streams to the thread, and counts what became of them. */
export class EchoThread {
  readonly #cells = new Int32Array(new SharedArrayBuffer(16))
  readonly worker: Worker

  private constructor(setup: Setup) {
    this.worker = new Worker(new URL(import.meta.url), {
      workerData: { setup, cells: this.#cells },
      transferList: setup.next === undefined ? [] : [setup.next],
    })
  }

  static async start(t: ExecutionContext, setup: Setup = {}): Promise<EchoThread> {
    const thread = new EchoThread(setup)
    t.teardown(() => thread.worker.terminate())
    await once(thread.worker, 'message')
    return thread
  }

  /** Gives a stream away; what is returned takes it back, if the thread has not taken it. */
  give(stream: TcpStream): SharedTcpStream {
    const shared = stream.share()
    this.worker.postMessage(shared)
    return shared
  }

  /** How many streams it took, asked for in vain, passed on, or closed at their end. */
  count(what: keyof typeof cell): number {
    return Atomics.load(this.#cells, cell[what])
  }
}

class Echo {
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(64)
  readonly #buffer = Buffer.alloc(8192)
  readonly #streams = new Map<number, Connection>()
  readonly #cells: Int32Array
  readonly #setup: Setup
  #last = 0

  constructor(setup: Setup, cells: Int32Array) {
    this.#setup = setup
    this.#cells = cells
  }

  readonly take = (shared: SharedTcpStream): void => {
    let stream: TcpStream
    try {
      stream = TcpStream.from(shared)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SHARED_SOURCE_GONE') throw error
      this.#add('gone')
      return
    }
    this.#last += 1
    this.#streams.set(this.#last, { stream, unsent: null, left: this.#setup.moveAfter ?? Infinity })
    this.#poll.registry.register(stream, Token(this.#last), BOTH)
    this.#add('taken')
  }

  async serve(): Promise<never> {
    for (;;) {
      await this.#poll.pollAsync(this.#events)
      for (const { token } of this.#events) {
        const connection = this.#streams.get(token)
        if (connection === undefined) continue
        const outcome = this.#echo(connection)
        if (outcome === null) continue
        this.#streams.delete(token)
        this.#add(outcome)
      }
    }
  }

  /** Goes on until would-block, the end, or the move. */
  #echo(connection: Connection): 'moved' | 'closed' | null {
    const { stream } = connection
    for (;;) {
      if (!sent(connection)) return null
      if (connection.left <= 0 && this.#setup.next !== undefined) {
        this.#setup.next.postMessage(stream.share())
        return 'moved'
      }
      const read = stream.readAll(this.#buffer, (count) => {
        connection.unsent = Buffer.from(this.#buffer.subarray(0, count))
        connection.left -= count
        return sent(connection) && connection.left > 0
      })
      if (read === null) return null
      if (read) {
        stream.close()
        return 'closed'
      }
    }
  }

  #add(what: keyof typeof cell): void {
    Atomics.add(this.#cells, cell[what], 1)
  }
}

interface Connection {
  readonly stream: TcpStream
  unsent: Buffer | null
  /** Bytes until it moves. */
  left: number
}

/** Whether everything is sent. */
function sent(connection: Connection): boolean {
  while (connection.unsent !== null) {
    const count = connection.stream.write(connection.unsent)
    if (count === null) return false
    const isAll = count === connection.unsent.length
    connection.unsent = isAll ? null : connection.unsent.subarray(count)
  }
  return true
}

if (!isMainThread) {
  const { setup, cells } = workerData as { setup: Setup; cells: Int32Array }
  const echo = new Echo(setup, cells)
  parentPort?.on('message', echo.take)
  setup.next?.on('message', echo.take)
  parentPort?.postMessage('ready')
  await echo.serve()
}
