import type { EventEmitter } from 'node:events'
import type { Server as EngineServer } from '../engine/server.ts'
import type { ServerStats } from '../engine/stats.ts'

/** Listeners that are closed and whose address the system may not have given back yet. */
const closing = new Set<Promise<void>>()

/** When all addresses are free again that were given back; undefined if they are. */
export function addressesFree(): Promise<unknown> | undefined {
  return closing.size === 0 ? undefined : Promise.all(closing)
}

interface Owner extends EventEmitter {
  readonly _handle: object | null
  readonly _connections: number
  _emitCloseIfDrained(): void
}

/** What a listening server has as its `_handle`: as much as servers of core ask of it. */
export class ListeningHandle {
  readonly #server: EngineServer
  readonly #owner: Owner
  #isClosed = false

  constructor(server: EngineServer, owner: Owner) {
    this.#server = server
    this.#owner = owner
    // A path is what the server itself remembers.
    if (typeof server.address() === 'string') this.getsockname = undefined
  }

  getsockname: ((out: object) => number) | undefined = (out) => {
    Object.assign(out, this.#server.address())
    return 0
  }

  get fd(): number {
    return this.#server.fd
  }

  /** Nothing is accepted any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Counters, since it listens. */
  stats(): ServerStats {
    return this.#server.stats()
  }

  /**
   * Stops to listen. The owner's `close` is held back until the system has the address back, so that
   * a program can listen there again from then on.
   */
  close(callback?: () => void): void {
    if (!this.#isClosed) void this.#close()
    this.#isClosed = true
    if (callback !== undefined) setImmediate(callback)
  }

  async #close(): Promise<void> {
    const owner = this.#owner
    let isDue = false
    const hold = (): void => {
      isDue ||= !owner._handle && !owner._connections
    }
    owner._emitCloseIfDrained = hold
    // Whoever waits for the `close` gets it, even if nothing else keeps the process alive.
    this.#server.ref()
    const stopped = this.#server.stop()
    closing.add(stopped)
    await stopped
    closing.delete(stopped)
    // Another one of the same owner may have begun to close.
    if (owner._emitCloseIfDrained === hold) delete (owner as Partial<Owner>)._emitCloseIfDrained
    // The owner may listen again by now: its `close` is owed all the same.
    if (isDue) process.nextTick(() => owner.emit('close'))
  }

  ref(): void {
    this.#server.ref()
  }

  unref(): void {
    this.#server.unref()
  }

  /** For asynchronous hooks; the engine has resources of its own. */
  getAsyncId(): number {
    return -1
  }
}
