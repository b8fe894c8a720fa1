import type { AsyncResource } from 'node:async_hooks'
import { native } from '../binding.ts'
import { socketClosed, systemError, unavailableHere, writeAfterEnd } from '../errors.ts'
import { type OptionTarget, connectionTarget } from '../option-target.ts'
import { byteLengthOf } from '../primordials.ts'
import { type Address, addressAt, isUnknownAt, localAt, portAt } from './address.ts'
import { bytesOf } from './bytes.ts'
import type { Departure } from './departure.ts'
import type { Held } from './held.ts'
import type { Lane } from './lane.ts'
import type { Listener } from './listener.ts'
import type { Attempt } from './open-connection.ts'
import type { Settings } from './options.ts'
import { Op, everything } from './protocol.ts'
import { type Socket, socketOf } from './socket.ts'

/** The bits of {@link Connection.state}. */
export const State = Object.freeze({
  /** Not connected yet. */
  OPENING: 1,
  /** FIN was asked for. */
  ENDED: 2,
  /** The peer's FIN was told to the program. */
  PEER_ENDED: 4,
  /** `close`, `terminate` or `destroy` was called. */
  CLOSING: 8,
  /** `terminate` or `destroy` was called. */
  DROPPED: 16,
  /** Too much was pending in the engine: it closes by itself. */
  CONDEMNED: 32,
  /** `detach` was called. */
  DEPARTING: 64,
  /** The program wants no data. */
  PAUSED: 128,
  /** Native code was told so. */
  STOPPED: 256,
  /** Events wait in {@link Connection.held}. */
  HOLDING: 512,
  /** A `drain` is owed. */
  DRAINING: 1024,
  /** Native code has no connection any more. */
  GONE: 2048,
  /** The last event was delivered. */
  CLOSED: 4096,
  /** It does not keep the event loop alive. */
  UNHELD: 8192,
  /** `destroy` was called. */
  DESTROYED: 16_384,
  /** … and native code still sends what must not be dropped. */
  SENDING: 32_768,
} as const)

/** Not to be written to, for whatever reason. */
const unwritable =
  State.ENDED | State.CLOSING | State.CONDEMNED | State.DEPARTING | State.GONE | State.CLOSED

/** Nothing but the close is told to the program. */
export const muted = State.CLOSING | State.DEPARTING | State.CLOSED

/** Data cannot be delivered at once. */
export const detour = muted | State.PAUSED | State.HOLDING

/**
 * What is inside a socket: its id, its numbers, and what the program may do with it. What happens to
 * it is in delivery.ts. There are many, so a field costs.
 */
export class Connection {
  readonly lane: Lane
  /** The id, as signed numbers: they need no box. */
  readonly index: number
  readonly generation: number
  readonly settings: Settings
  readonly listener: Listener | undefined
  /** The asynchronous context of its handlers. */
  readonly resource: AsyncResource
  readonly socket: Socket<unknown>
  state: number
  /** The last entry in which it had an event. */
  entry = 0
  /** Bytes that were written and not acknowledged. */
  buffered = 0
  bytesRead = 0
  bytesWritten = 0
  remoteAddress: Address = undefined
  remotePort = 0
  localAddress: Address = undefined
  localPort = 0
  /** Data that came while it was paused, and what came behind it. */
  held: Held | undefined = undefined
  /** Who waits for it to be connected. */
  attempt: Attempt | undefined = undefined
  /** Who waits for it to be detached. */
  departure: Departure | undefined = undefined

  constructor(
    lane: Lane,
    index: number,
    generation: number,
    settings: Settings,
    listener: Listener | undefined,
    resource: AsyncResource,
  ) {
    this.lane = lane
    this.index = index
    this.generation = generation
    this.settings = settings
    this.listener = listener
    this.resource = resource
    const opening = listener === undefined ? State.OPENING : 0
    this.state = settings.paused ? opening | State.PAUSED | State.STOPPED : opening
    this.socket = socketOf(this)
    lane.add(this)
    const { machine } = lane
    machine.opened()
    machine.hold()
    if (listener !== undefined) listener.connections += 1
  }

  /** Reads the addresses that came with its opening. */
  locate(data: Buffer, at: number): void {
    this.remoteAddress = addressAt(data, at)
    this.remotePort = portAt(data, at)
    const local = localAt(at)
    if (!isUnknownAt(data, local)) {
      this.localAddress = addressAt(data, local)
      this.localPort = portAt(data, local)
    } else if (this.listener !== undefined) {
      this.localAddress = this.listener.bound.address
      this.localPort = this.listener.bound.port ?? 0
    }
  }

  /** Native code says that the system took some of what was written. */
  acknowledge(count: number): void {
    const acked = count < this.buffered ? count : this.buffered
    this.buffered -= acked
    this.lane.machine.pending -= acked
  }

  write(value: unknown, encoding: unknown): boolean {
    if ((this.state & unwritable) !== 0) return this.#refuse()
    const { machine, out } = this.lane
    // Who has nothing waiting is not closed for what others do not read.
    if (machine.pending > machine.maxPendingTotal && this.buffered > 0) return this.#condemn()
    const length =
      typeof value === 'string'
        ? out.addText(this, value, encoding)
        : out.addBytes(this, bytesOf(value, 'a string, Buffer, TypedArray or DataView'))
    this.count(length)
    if (this.buffered <= this.settings.highWaterMark) return true
    this.#wantDrain()
    return false
  }

  tryWrite(value: unknown): number {
    if ((this.state & unwritable) !== 0) {
      this.#refuse()
      return 0
    }
    const { machine, out } = this.lane
    const bytes = bytesOf(value, 'a Buffer, TypedArray or DataView')
    const length = byteLengthOf(bytes)
    const room = Math.min(
      this.settings.highWaterMark - this.buffered,
      machine.maxPendingTotal - machine.pending,
    )
    if (length <= room) {
      this.count(out.addBytes(this, bytes))
      return length
    }
    if (room > 0) this.count(out.addSome(this, bytes, room))
    this.#wantDrain()
    return Math.max(room, 0)
  }

  /** Bytes were written. */
  count(length: number): void {
    this.bytesWritten += length
    this.buffered += length
    this.lane.machine.pending += length
  }

  /** Whether it takes part in a broadcast of so many bytes, which count from now on. */
  take(length: number): boolean {
    if (!this.isWritable) return false
    const { machine } = this.lane
    if (machine.pending > machine.maxPendingTotal && this.buffered > 0) return this.#condemn()
    this.count(length)
    return true
  }

  /** Whether a broadcast may go to it. */
  get isWritable(): boolean {
    return (this.state & (unwritable | State.OPENING)) === 0
  }

  /** Throws what a program should have known; what it cannot know yet only takes nothing. */
  #refuse(): false {
    const { state } = this
    if ((state & (State.CLOSING | State.DEPARTING | State.CLOSED)) !== 0) throw socketClosed()
    if ((state & State.ENDED) !== 0) throw writeAfterEnd()
    // That is what false says, and nobody will come to keep it.
    this.state |= State.DRAINING
    this.giveUp()
    return false
  }

  /**
   * A program that waits for `drain` before it reads again would wait for ever if the socket is gone:
   * what is held for it is given up, and the close comes.
   */
  giveUp(): void {
    const waiting = State.PAUSED | State.DRAINING | State.GONE
    if ((this.state & waiting) === waiting) this.held?.clear()
  }

  #condemn(): false {
    this.#submit(Op.CONDEMN, 0)
    this.state |= State.CONDEMNED | State.DRAINING
    return false
  }

  /** Whether all is with the system, as far as is known; if not, `drain` comes when it is. */
  flushed(): boolean {
    if (this.buffered === 0) return true
    this.#wantDrain()
    return false
  }

  #wantDrain(): void {
    if ((this.state & State.DRAINING) !== 0) return
    this.#submit(Op.WANT_DRAIN, 0)
    this.state |= State.DRAINING
  }

  end(value: unknown, encoding: unknown): void {
    if (value !== undefined) this.write(value, encoding)
    this.finish()
  }

  /** Asks for FIN, once. */
  finish(): void {
    if ((this.state & unwritable) !== 0) return
    this.#submit(Op.SHUTDOWN, 0)
    this.state |= State.ENDED
  }

  shutdown(): void {
    if ((this.state & State.OPENING) !== 0) throw systemError('ENOTCONN', 'shutdown')
    this.finish()
  }

  close(): void {
    if ((this.state & muted) !== 0) return
    this.#submit(Op.CLOSE, 0)
    this.state |= State.CLOSING
    this.held?.clear()
  }

  terminate(): void {
    this.#drop(Op.RESET, 0, State.DROPPED)
  }

  /**
   * Of what was written before, only the last `droppable` bytes may be lost: for the others it stays
   * until the system has them, or the time of `linger` is over.
   */
  destroy(droppable = Infinity): void {
    const isSending = this.buffered > droppable
    const word = isSending ? Math.min(droppable, everything - 1) : everything
    const sending = isSending ? State.SENDING : 0
    this.#drop(Op.DESTROY, word, State.DROPPED | State.DESTROYED | sending)
  }

  #drop(op: number, a: number, state: number): void {
    if ((this.state & State.CLOSED) !== 0) return
    // What is still being sent can be dropped, too.
    if ((this.state & (State.DROPPED | State.SENDING)) === State.DROPPED) return
    this.#submit(op, a)
    this.state = (this.state & ~State.SENDING) | State.CLOSING | state
    this.held?.clear()
  }

  /** Resets a socket that the program is never told of. */
  abandon(): void {
    this.terminate()
    this.state |= State.DEPARTING
  }

  pause(): void {
    if ((this.state & (muted | State.PAUSED)) !== 0) return
    if ((this.state & State.STOPPED) === 0) this.#submit(Op.PAUSE, 0)
    this.state |= State.PAUSED | State.STOPPED
    this.giveUp()
  }

  resume(): void {
    if ((this.state & State.PAUSED) === 0) return
    this.state &= ~State.PAUSED
    if (this.held === undefined) this.restart()
    else this.held.pump()
  }

  /** Lets native code read again, once nothing that came before is held. */
  restart(): void {
    if ((this.state & State.STOPPED) === 0) return
    this.#submit(Op.RESUME, 0)
    this.state &= ~State.STOPPED
  }

  /** Keeps the event loop alive as long as native code has it, which is the default. */
  hold(): void {
    if ((this.state & State.UNHELD) === 0) return
    this.state &= ~State.UNHELD
    if ((this.state & State.GONE) === 0) this.lane.machine.hold()
  }

  /** Lets the event loop end. */
  release(): void {
    if ((this.state & State.UNHELD) !== 0) return
    this.state |= State.UNHELD
    if ((this.state & State.GONE) === 0) this.lane.machine.release()
  }

  setTimeout(milliseconds: number): void {
    this.#submit(Op.TIMEOUT, milliseconds)
  }

  setNoDelay(isOn: boolean): void {
    this.#submit(Op.NODELAY, isOn ? 1 : 0)
  }

  setKeepAlive(isOn: boolean, delay: number, interval: number, count: number): void {
    if ((this.state & State.GONE) !== 0) return
    this.lane.out.addWords(Op.KEEPALIVE, this, isOn ? 1 : 0, [delay, interval, count])
  }

  /** Whose options: the socket's, as long as the program may touch it. */
  get target(): OptionTarget {
    if ((this.state & (muted | State.GONE)) !== 0) throw socketClosed()
    const { index, machine } = this.lane
    return connectionTarget(machine.handle, index, this.index, this.generation)
  }

  /** -1 for none, or none any more. */
  get fd(): number {
    if ((this.state & State.GONE) !== 0) return -1
    const { index, machine } = this.lane
    const code = native.engineRaw(machine.handle, index, this.index >>> 0, this.generation >>> 0)
    return Math.max(code, -1)
  }

  detach(departure: Departure): void {
    if ((this.state & (muted | State.GONE)) !== 0) throw socketClosed()
    if (this.isPipe) throw unavailableHere('A named pipe cannot be detached')
    this.state |= State.DEPARTING
    this.departure = departure
    if (this.held !== undefined) departure.take(this.held.clear())
    this.#submit(Op.DETACH, 0)
  }

  /** Whether it is a named pipe, as everything without an address is on Windows. */
  get isPipe(): boolean {
    const isOpen = (this.state & State.OPENING) === 0
    return process.platform === 'win32' && isOpen && this.remoteAddress === undefined
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    const { state } = this
    if ((state & (muted | State.CONDEMNED)) !== 0) return 'closed'
    if ((state & State.OPENING) !== 0) return 'opening'
    const isReadable = (state & State.PEER_ENDED) === 0
    const isWritable = (state & State.ENDED) === 0
    if (isReadable) return isWritable ? 'open' : 'readOnly'
    return isWritable ? 'writeOnly' : 'closed'
  }

  /** Comes before what it changes here: without room on the stack it throws, and nothing has changed. */
  #submit(op: number, a: number): void {
    if ((this.state & State.GONE) !== 0) return
    this.lane.out.add(op, this.index, this.generation, a)
  }
}
