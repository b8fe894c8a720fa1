import { AsyncResource } from 'node:async_hooks'
import { native } from '../binding.ts'
import { check, serverClosed } from '../errors.ts'
import { type OptionTarget, serverTarget } from '../option-target.ts'
import type { Address } from './address.ts'
import type { Connection } from './connection.ts'
import { Deferred } from './deferred.ts'
import type { Lane } from './lane.ts'
import type { Machine } from './machine.ts'
import type { Settings } from './options.ts'
import { Op } from './protocol.ts'
import type { Server } from './server.ts'
import { tellServerClose } from './telemetry.ts'

/** Where a listener is bound, as its connections need it. */
export interface Bound {
  readonly address: Address
  readonly port: number | undefined
}

/** What is inside a server: one number for all lanes, and what was accepted by it. */
export class Listener {
  readonly machine: Machine
  readonly index: number
  readonly settings: Settings
  readonly bound: Bound
  /** What the program has of it. */
  readonly server: Server
  /** The context of the `listen`, which its handlers see. */
  readonly resource = new AsyncResource('MIO_SERVER')
  /** Connections that had no `close` yet. */
  connections = 0
  /** No further connection is told to the program. */
  isRefusing = false
  /** Called once, when it begins to close or has failed, whoever does that. */
  onClosing: (() => void) | undefined
  #isHeld = false
  #lanesLeft: number
  #closing: Promise<void> | undefined
  readonly #stopped = new Deferred<void>()
  #finish: (() => void) | undefined
  readonly #onClosed: () => void

  /** `onClosed` is called when everything of it is closed. */
  constructor(
    machine: Machine,
    index: number,
    settings: Settings,
    bound: Bound,
    server: Server,
    onClosed: () => void,
  ) {
    this.machine = machine
    this.index = index
    this.settings = settings
    this.bound = bound
    this.server = server
    this.#onClosed = onClosed
    this.#lanesLeft = machine.lanes.length
    machine.listeners[index] = this
    machine.opened()
    this.hold()
  }

  /** Whose options: the server's, as long as it listens. */
  get target(): OptionTarget {
    if (this.isClosing) throw serverClosed()
    return serverTarget(this.machine.handle, this.index)
  }

  /** -1 for none, or none any more. */
  get fd(): number {
    // Its number may be another's later.
    if (this.isClosing) return -1
    return Math.max(native.engineListenerRaw(this.machine.handle, this.index), -1)
  }

  /** Another descriptor, the caller's. */
  duplicate(): number {
    return check(native.engineListenerDuplicate(this.machine.handle, this.index), 'dup')
  }

  hold(): void {
    if (this.#isHeld || this.#lanesLeft === 0) return
    this.#isHeld = true
    this.machine.hold()
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.machine.release()
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Accepts nothing more; resolves when all that was accepted is closed. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#finish = resolve
      for (const lane of this.machine.lanes) lane.out.add(Op.CLOSE_LISTENER, this.index, 0, 0)
      this.#tellClosing()
    })
    return this.#closing
  }

  /** Accepts nothing more; resolves when nothing listens any more. */
  stop(): Promise<void> {
    void this.close()
    return this.#stopped.promise
  }

  closeNow(): void {
    this.isRefusing = true
    void this.close()
    const { lanes, stalled } = this.machine
    for (const lane of lanes) {
      for (const connection of this.connectionsOf(lane)) connection.terminate()
    }
    for (const connection of stalled) if (connection.listener === this) connection.terminate()
  }

  /** A lane has closed its listener. */
  laneClosed(): void {
    this.#lanesLeft -= 1
    if (this.#lanesLeft > 0) return
    this.#tellClosing()
    this.release()
    this.#stopped.resolve()
    this.#settle()
  }

  connectionClosed(): void {
    this.connections -= 1
    this.#settle()
  }

  #tellClosing(): void {
    const { onClosing } = this
    this.onClosing = undefined
    onClosing?.()
  }

  #settle(): void {
    if (this.#lanesLeft > 0 || this.connections > 0) return
    // Only now: native code counts by the index as long as there are connections.
    this.#onClosed()
    tellServerClose(this.server)
    this.machine.listeners[this.index] = undefined
    this.machine.ended()
    this.#finish?.()
  }

  /** The connections of one lane, as far as native code has them. */
  *connectionsOf({ accepted }: Lane): IterableIterator<Connection> {
    for (const connection of accepted) if (connection?.listener === this) yield connection
  }
}
