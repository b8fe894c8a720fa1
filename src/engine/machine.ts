import { native } from '../binding.ts'
import { untrack } from '../collected.ts'
import { check, engineClosed } from '../errors.ts'
import { Wake } from '../wake.ts'
import { nextTick } from '../primordials.ts'
import type { Connection } from './connection.ts'
import { dispatch } from './delivery.ts'
import type { Engine } from './engine.ts'
import type { Io } from './io.ts'
import { Lane } from './lane.ts'
import type { Listener } from './listener.ts'
import { batchBytes, batchRecords, headerWords, recordWords } from './protocol.ts'

const { engineKeepAlive } = native

/** Engines that have something open must not be collected, even if nobody holds them. */
const busy = new Map<Engine, Machine>()

// What was written just before `process.exit()` leaves, as far as the system takes it.
process.on('exit', () => {
  for (const machine of busy.values()) {
    if (!machine.isClosed) machine.flush()
  }
})

/** What is inside an {@link Engine}: its lanes, what it has open, and the batch being delivered. */
export class Machine {
  readonly handle: number
  readonly lanes: readonly Lane[]
  readonly listeners: (Listener | undefined)[] = []
  readonly records = new Uint32Array(headerWords + recordWords * batchRecords)
  readonly arena = Buffer.alloc(batchBytes)
  readonly maxPendingTotal: number
  /** Bytes that were written and that the system did not take yet, of all connections. */
  pending = 0
  isClosed = false
  /** Connections that are gone, and whose close waits behind data that the program does not take. */
  readonly stalled = new Set<Connection>()

  /** The batch: how many records, the next one, and those that wait for another entry. */
  count = 0
  cursor = 0
  readonly deferred: number[] = []
  /** The number of the entry, by which connections know that they had their event. */
  entry = 0
  isDelivering = false

  #isScheduled = false
  /** Ref'd servers and connections that native code has: while there are any the loop stays alive. */
  #holds = 0
  /** Servers and connections that are not over. While there are any the engine is not collected. */
  #open = 0
  #engine: WeakRef<Engine> | undefined
  #nextLane = 0
  #closing: Promise<void> | undefined
  #finish: (() => void) | undefined

  constructor(io: Io, wake: Wake, threads: number, maxPendingTotal: number) {
    this.maxPendingTotal = maxPendingTotal
    this.lanes = Array.from({ length: threads }, (_, index) => new Lane(this, index))
    const limits = Float64Array.of(maxPendingTotal)
    const deliver = wake === Wake.turns ? this.#deliverByTurns : this.#deliver
    const { arena, records } = this
    this.handle = check(
      native.engineOpen(io, wake, threads, limits, records, arena, deliver),
      'engine',
    )
  }

  /** Whose machine this is: kept alive by what it has open, and by nothing else here. */
  belongTo(engine: Engine): void {
    this.#engine = new WeakRef(engine)
  }

  get isClosing(): boolean {
    return this.isClosed || this.#closing !== undefined
  }

  checkOpen(): void {
    if (this.isClosing) throw engineClosed()
  }

  /** Connects and adoptions are dealt to the lanes in turn. */
  nextLane(): Lane {
    const lane = this.lanes[this.#nextLane % this.lanes.length] as Lane
    this.#nextLane += 1
    return lane
  }

  /** Servers that are not over. */
  get servers(): number {
    return this.listeners.filter((listener) => listener !== undefined).length
  }

  /** Connections whose last event was not delivered yet. */
  get sockets(): number {
    return this.#open - this.servers
  }

  /** Lanes that run on a thread of their own now. */
  get threaded(): number {
    // Fails only when native code has none any more.
    const { handle, lanes } = this
    return lanes.filter(({ index }) => native.engineMode(handle, index) === 1).length
  }

  newListenerIndex(): number {
    const free = this.listeners.indexOf(undefined)
    return free === -1 ? this.listeners.length : free
  }

  /** Keeps the event loop alive until as many {@link Machine.release} were called. */
  hold(): void {
    this.#holds += 1
    if (this.#holds === 1) engineKeepAlive(this.handle, 1)
  }

  release(): void {
    this.#holds -= 1
    if (this.#holds === 0 && !this.isClosed) engineKeepAlive(this.handle, 0)
  }

  /** A server or a connection begins. */
  opened(): void {
    this.#open += 1
    const engine = this.#engine?.deref()
    if (this.#open === 1 && engine !== undefined) busy.set(engine, this)
  }

  /** Its last event was delivered. */
  ended(): void {
    this.#open -= 1
    if (this.#open !== 0) return
    const engine = this.#engine?.deref()
    if (engine !== undefined) busy.delete(engine)
    this.#finish?.()
  }

  /** What is collected leaves at the end of the entry, or of the tick. */
  schedule(): void {
    if (this.isDelivering || this.#isScheduled) return
    // In this order: where the stack has no room left it throws, and is to be tried again.
    nextTick(this.#onTick)
    this.#isScheduled = true
  }

  readonly #deliver = (lane: number, count: number): number =>
    dispatch(this, this.lanes[lane] as Lane, count)

  /**
   * Where nothing but the end of a turn has promises and ticks run: the next entry is called for from
   * there. So is what a handler throws, since Deno forgets exceptions on their way through native
   * code, and ends with `Uncaught null`.
   */
  readonly #deliverByTurns = (lane: number, count: number): number => {
    try {
      return this.#deliver(lane, count)
    } catch (error) {
      setImmediate(() => {
        throw error
      })
      // There may be more: asking costs little.
      return 1
    } finally {
      setImmediate(this.#onTurn)
    }
  }

  readonly #onTurn = (): void => {
    // Fails only when native code has no engine any more.
    native.engineTurn(this.handle)
  }

  readonly #onTick = (): void => {
    this.#isScheduled = false
    this.flush()
  }

  flush(): void {
    for (let i = 0; i < this.lanes.length; i += 1) this.lanes[i]?.out.flush()
  }

  /**
   * Resets and closes everything, and ends the lanes when all of it has been told. `onEnd` is called
   * just before that.
   */
  close(onEnd: () => void): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#finish = () => {
        // Never from within a delivery of the lanes that end here.
        setImmediate(() => {
          onEnd()
          this.#end()
          resolve()
        })
      }
      for (const listener of this.listeners) listener?.closeNow()
      for (const connection of this.#connections()) connection.terminate()
      if (this.#open === 0) this.#finish()
    })
    return this.#closing
  }

  /** Native code has closed it. Nobody has forgotten to. */
  failed(): void {
    this.isClosed = true
    const engine = this.#engine?.deref()
    if (engine !== undefined) untrack(engine)
  }

  #connections(): Connection[] {
    return [...this.lanes.flatMap((lane) => [...lane.connections()]), ...this.stalled]
  }

  #end(): void {
    this.isClosed = true
    // Fails only if it failed before.
    native.engineClose(this.handle)
  }
}
