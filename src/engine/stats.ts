/**
 * What {@link Engine.stats} counts, since the engine was made; of what is said to be so now, the
 * present number. Whole numbers. What they say of a service: docs/operations.md.
 *
 * @example
 * ```ts
 * import { Engine, type EngineStats } from 'mio-js/engine'
 *
 * const engine = new Engine()
 * const { accepted, pendingBytes, pendingLimit }: EngineStats = engine.stats()
 * console.log(accepted, pendingBytes, pendingLimit) // 0 0 0
 * await engine.close()
 * ```
 */
export interface EngineStats {
  /** Turns of the state machines: each goes through what is ready. */
  readonly turns: number
  /** How often they asked the system for readiness. */
  readonly polls: number
  /** Sockets that servers accepted, and that were handed to the program. */
  readonly accepted: number
  /** Sockets that were connected or adopted by the program. */
  readonly connected: number
  /** Sockets that are closed, and connects that failed once they had begun. */
  readonly closed: number
  /** Bytes that were read, of all sockets. */
  readonly bytesRead: number
  /** Bytes that the system took, of all sockets. */
  readonly bytesWritten: number
  /** Calls for sockets that were closed already, though nobody here knew. */
  readonly staleSubmissions: number
  /** Readiness that came to nothing. */
  readonly spuriousEvents: number
  /** How often a socket had to let others have their turn. */
  readonly budgetHits: number
  /** Bytes that are buffered now, since the system does not take them yet. */
  readonly pendingBytes: number
  /** Sockets that were closed with `ERR_PENDING_LIMIT`. */
  readonly pendingLimit: number
  /** Sockets that were closed with `ERR_IDLE_TIMEOUT`. */
  readonly idleTimeouts: number
  /** Sockets that were closed with `ERR_FIRST_BYTE_TIMEOUT`. */
  readonly firstByteTimeouts: number
  /** Sockets that were not waited for any longer when the time of `linger` was over. */
  readonly lingerTimeouts: number
  /** How often `io: 'auto'` moved a lane to another thread. */
  readonly moves: number
  /** Sockets that ended with an error, and connects that failed. */
  readonly errors: number
  /** Sockets that there are now: those that connect, and those whose `close` was not told yet. */
  readonly sockets: number
  /** Servers that there are now; one that is closed counts as long as it has sockets. */
  readonly servers: number
  /** State machines that run on a thread of their own now: of as many as the engine has `threads`. */
  readonly threaded: number
}

/**
 * What {@link Server.stats} counts, since it listens. Whole numbers.
 *
 * @example
 * ```ts
 * import { type ServerStats, listen } from 'mio-js/engine'
 *
 * const server = listen({ hostname: '127.0.0.1' })
 * const { open, dropped, shed }: ServerStats = server.stats()
 * console.log(open, dropped, shed) // 0 0 0
 * await server.close()
 * ```
 */
export interface ServerStats {
  /** Connections that were accepted and kept. */
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
  /** How often accepting failed otherwise. */
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

/** What native code counts of an engine; the rest is known here. */
export type Counted = (typeof engineFields)[number]

export const serverFields = [
  'accepted',
  'dropped',
  'shed',
  'backoffs',
  'aborted',
  'open',
  'acceptErrors',
] as const satisfies readonly (keyof ServerStats)[]
