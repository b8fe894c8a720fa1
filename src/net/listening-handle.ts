import type { EventEmitter } from 'node:events'
import { CoreServer, CoreSocket } from '../core-net.ts'
import { native } from '../binding.ts'
import { type Server as EngineServer, duplicateOf, whenClosing } from '../engine/server.ts'
import type { ServerStats } from '../engine/stats.ts'
import { removePath } from './bound-socket.ts'

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
  close(): unknown
}

/** What a listening server has as its `_handle`: as much as servers of core ask of it. */
export class ListeningHandle {
  readonly #server: EngineServer
  readonly #owner: Owner
  readonly #boundPath: string | undefined
  #isClosed = false

  /** The engine removes a path that it has bound itself; another one is removed here. */
  constructor(server: EngineServer, owner: Owner, boundPath: string | undefined) {
    this.#server = server
    this.#owner = owner
    this.#boundPath = boundPath
    // A path is what the server itself remembers.
    if (typeof server.address() === 'string') this.getsockname = undefined
    // An engine that closes takes its servers along. Later, as `close` may be the program's.
    whenClosing(server, () => process.nextTick(() => this.#closeOwner()))
  }

  #closeOwner(): void {
    if (!this.#isClosed && this.#owner._handle !== null) this.#owner.close()
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
    removePath(this.#boundPath)
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

/** The `_handle` of a server that has begun to listen. Closes that if there is no descriptor left. */
export function handleOf(
  server: EngineServer,
  owner: Owner,
  boundPath: string | undefined,
): ListeningHandle {
  const handle = new ListeningHandle(server, owner, boundPath)
  const isCores = Object.prototype.isPrototypeOf.call(CoreServer.prototype, owner)
  if (!isCores || process.platform === 'win32') return handle
  try {
    return sendable(handle, server)
  } catch (error) {
    server.closeNow()
    throw error
  }
}

/**
 * A server of core's can be sent to a child process, and then core takes its handle for one of its own
 * without looking. So it is one, of another descriptor of the same socket, which the child gets. It is
 * never listened on here.
 */
function sendable(handle: ListeningHandle, server: EngineServer): ListeningHandle {
  const theirs = coreHandle(duplicateOf(server))
  const { close } = theirs
  const own = {
    close(callback?: () => void) {
      Reflect.apply(close, theirs, [])
      handle.close(callback)
    },
    getsockname: handle.getsockname,
    getAsyncId: () => handle.getAsyncId(),
    ref() {
      handle.ref()
    },
    stats: () => handle.stats(),
    unref() {
      handle.unref()
    },
  }
  for (const [name, value] of Object.entries(own)) {
    Object.defineProperty(theirs, name, { value, configurable: true, writable: true })
  }
  // By its prototype core knows what can be moved to another thread: the listener here would stay.
  Object.setPrototypeOf(theirs, ListeningHandle.prototype)
  return Object.defineProperties(theirs, {
    fd: { get: () => handle.fd },
    isClosed: { get: () => handle.isClosed },
  })
}

/** Core's handle of a descriptor, which it owns. */
function coreHandle(fd: number): ListeningHandle {
  const socket = new CoreSocket({ fd, manualStart: true } as object) as unknown as {
    _handle: ListeningHandle | null
  }
  native.descriptorTaken(fd)
  const { _handle: handle } = socket
  socket._handle = null
  return handle as ListeningHandle
}
