import type { Server as EngineServer } from '../engine/server.ts'
import type { ServerStats } from '../engine/stats.ts'

/** Listeners that are closed and whose address the system may not have given back yet. */
const closing = new Set<Promise<void>>()

/** When all addresses are free again that were given back; undefined if they are. */
export function addressesFree(): Promise<unknown> | undefined {
  return closing.size === 0 ? undefined : Promise.all(closing)
}

interface Owner {
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
    const owner = this.#owner as Partial<Owner>
    owner._emitCloseIfDrained = () => {}
    const stopped = this.#server.stop()
    closing.add(stopped)
    await stopped
    closing.delete(stopped)
    delete owner._emitCloseIfDrained
    this.#owner._emitCloseIfDrained()
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
