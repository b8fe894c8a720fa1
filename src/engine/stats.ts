/** What {@link Engine.stats} counts, since the engine was made. */
export interface EngineStats {
  /** Turns of the state machines, and how often they asked the system for readiness. */
  readonly turns: number
  readonly polls: number
  readonly accepted: number
  readonly connected: number
  readonly closed: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Calls for sockets that were closed already, though nobody here knew. */
  readonly staleSubmissions: number
  /** Readiness that came to nothing. */
  readonly spuriousEvents: number
  /** How often a socket had to let others have their turn. */
  readonly budgetHits: number
  /** Bytes that are buffered now. */
  readonly pendingBytes: number
  /** Sockets that were closed because of a limit. */
  readonly pendingLimit: number
  readonly idleTimeouts: number
  readonly firstByteTimeouts: number
  readonly lingerTimeouts: number
  /** How often `io: 'auto'` moved a lane to another thread. */
  readonly moves: number
  readonly errors: number
}

/** What {@link Server.stats} counts, since it listens. */
export interface ServerStats {
  readonly accepted: number
  /** Connections that were closed at once because of `maxConnections`. */
  readonly dropped: number
  /** Connections that were closed at once because there were no descriptors. */
  readonly shed: number
  /** How often accepting paused, as there was no room for another connection. */
  readonly backoffs: number
  /** Connections that were gone before they could be accepted. */
  readonly aborted: number
  /** Connections that are open now. */
  readonly open: number
  readonly acceptErrors: number
}

/** In the order of native code. */
export const engineFields = [
  'turns',
  'polls',
  'accepted',
  'connected',
  'closed',
  'bytesRead',
  'bytesWritten',
  'staleSubmissions',
  'spuriousEvents',
  'budgetHits',
  'pendingBytes',
  'pendingLimit',
  'idleTimeouts',
  'firstByteTimeouts',
  'lingerTimeouts',
  'moves',
  'errors',
] as const satisfies readonly (keyof EngineStats)[]

export const serverFields = [
  'accepted',
  'dropped',
  'shed',
  'backoffs',
  'aborted',
  'open',
  'acceptErrors',
] as const satisfies readonly (keyof ServerStats)[]

/** Counters that can be read after what they count is gone: the last ones that could be had. */
export class Counters<Field extends string> {
  readonly #fields: readonly Field[]
  readonly #numbers: Float64Array
  readonly #read: (out: Float64Array) => number
  #isOver = false

  constructor(fields: readonly Field[], read: (out: Float64Array) => number) {
    this.#fields = fields
    this.#numbers = new Float64Array(fields.length)
    this.#read = read
  }

  /** Reads them for the last time. */
  finish(): void {
    this.#read(this.#numbers)
    this.#isOver = true
  }

  read(): Readonly<Record<Field, number>> {
    // Fails only when native code has lost them, and leaves the numbers alone then.
    if (!this.#isOver) this.#read(this.#numbers)
    const entries = this.#fields.map((field, index) => [field, this.#numbers[index]])
    return Object.freeze(Object.fromEntries(entries) as Record<Field, number>)
  }
}
