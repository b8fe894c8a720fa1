import * as core from 'node:net'
import { Duplex, addAbortSignal } from 'node:stream'
import type { Detached } from '../engine/departure.ts'
import type { Engine } from '../engine/engine.ts'
import type { Socket as Link } from '../engine/socket.ts'
import type { SocketOptions } from '../socket-options.ts'
import { type Callback, isNormalized, normalizeArgs } from './arguments.ts'
import { adoptInto } from './adopting.ts'
import { type Bound, BoundSocket, closeBound, removePath } from './bound-socket.ts'
import { bufferedOf } from './buffered.ts'
import { callable } from './callable.ts'
import { tellClientSocket } from './channels.ts'
import { beginConnect, checkPlace, refuseConnect } from './connecting.ts'
import { detach } from './detaching.ts'
import { netEngine } from './engine.ts'
import {
  closedBeforeConnection,
  endedByPeer,
  invalidHandle,
  socketIsClosed,
  wrongType,
} from './errors.ts'
import { holdWhileActive } from './holding.ts'
import { attach, closeLink, finish, startReading, stopReading, write, writeAll } from './link.ts'
import { limitedWrite, maxPendingOf } from './max-pending.ts'
import { OnRead, isOnRead } from './onread.ts'
import { type OptionName, readOption, writeOption } from './option-names.ts'
import { type SocketInit, checkInit, streamOptions } from './socket-init.ts'
import { type Chunks, type Done, State, inside } from './state.ts'
import { setSocketTimeout } from './timeout.ts'
import { checkInt32, wholeSeconds } from './validate.ts'

interface Undestroyable {
  _undestroy(): void
}

/**
 * A `net.Socket` on the engine: a stream that connects, or was accepted. What is documented for
 * `node:net` holds; what it has beyond that is documented here.
 *
 * Correctness does not depend on listeners of its own, and `_handle` is always null.
 */
class SocketClass extends Duplex {
  declare [inside]: State
  declare connecting: boolean
  declare _hadError: boolean
  declare _parent: SocketClass | null
  declare _host: string | null
  declare _pendingData: unknown
  declare _pendingEncoding: string
  declare server: object | null
  declare _server: CountingServer | null
  declare timeout: number | undefined
  declare blockList: core.BlockList | undefined
  declare autoSelectFamilyAttemptedAddresses: string[] | undefined
  declare engine: Engine | undefined

  constructor(options?: SocketInit | number) {
    const init = checkInit(options)
    super(streamOptions(init))
    initialise(this, init)
  }

  _engine(): Engine {
    return this.engine ?? netEngine()
  }

  connect(...args: unknown[]): this {
    const [first] = args
    const [options, callback] = isNormalized(first) ? first : normalizeArgs(args)
    tellClientSocket(this as Socket)
    if (callback !== null) this.once('connect', callback)
    if (this._parent?.connecting === true) return this
    checkPlace(options)
    const inner = this[inside]
    const isTaken = inner.opening !== undefined || inner.link !== undefined
    if (isTaken && !this.destroyed) refuseConnect(this as Socket, options)
    else {
      renew(this, inner)
      beginConnect(this as Socket, options)
    }
    return this
  }

  override _read(): void {
    this[inside].isAsked = true
    if (!this.connecting) startReading(this as Socket)
  }

  override _write(data: Buffer | string, encoding: BufferEncoding, done: Done): void {
    const inner = this[inside]
    const { link } = inner
    if (this.connecting) park(this, data, encoding, done)
    else if (link === undefined) done(socketIsClosed())
    else write(inner, link, data, encoding, done)
  }

  override _writev(chunks: Chunks, done: Done): void {
    const inner = this[inside]
    const { link } = inner
    if (this.connecting) park(this, chunks, 'utf8', done)
    else if (link === undefined) done(socketIsClosed())
    else writeAll(inner, link, chunks, done)
  }

  override _final(done: Done): void {
    const inner = this[inside]
    const { link } = inner
    if (this.connecting) inner.ending = done
    else if (link === undefined) done()
    else finish(inner, link, done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const inner = this[inside]
    const { link, opening, parked } = inner
    const hadError = Boolean(error)
    // In a listener of `connect` it is about to be written.
    const isGivenUp = link === undefined || this.connecting
    this.connecting = false
    for (const timer of timersOf(this)) clearTimeout(timer)
    inner.silence = undefined
    inner.opening = undefined
    if (isGivenUp) inner.parked = undefined
    inner.ending = undefined
    opening?.cancel()
    unbind(inner)
    if (link !== undefined) closeLink(this as Socket, link, hadError)
    done(error)
    if (link === undefined && opening === undefined && inner.last === undefined) {
      process.nextTick(() => {
        this.emit('close')
        parked?.done(closedBeforeConnection())
      })
    } else if (link === undefined) {
      // Later than the error, so that who awaits that can still await this.
      setImmediate(() => {
        this.emit('close', hadError)
        parked?.done(closedBeforeConnection())
      })
    } else if (isGivenUp && parked !== undefined) {
      process.nextTick(() => parked.done(socketIsClosed()))
    }
    const server = this._server
    if (server !== null) {
      server._connections -= 1
      server._emitCloseIfDrained?.()
    }
  }

  override end(...args: unknown[]): this {
    Reflect.apply(Duplex.prototype.end, this, args)
    return this
  }

  /** Ends, and destroys when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  /**
   * Resets the connection (RST) and destroys the socket; one that connects, when it is connected.
   *
   * @throws `ERR_INVALID_HANDLE_TYPE` for a Unix socket.
   */
  resetAndDestroy(): this {
    const { link, opening } = this[inside]
    if (link === undefined && opening === undefined) {
      return this.destroy(placeOf(this) === undefined ? socketIsClosed() : undefined)
    }
    if (opening !== undefined) {
      if (opening.isPath) throw invalidHandle()
      this[inside].isToReset = true
      return this
    }
    if (link?.remoteAddress === undefined) throw invalidHandle()
    return reset(this)
  }

  override pause(): this {
    const inner = this[inside]
    if (inner.onread !== undefined && !this.connecting) stopReading(inner)
    return super.pause()
  }

  override resume(): this {
    if (this[inside].onread !== undefined && !this.connecting) startReading(this as Socket)
    return super.resume()
  }

  override read(size?: number): unknown {
    if (this[inside].onread !== undefined && !this.connecting) startReading(this as Socket)
    return super.read(size)
  }

  setTimeout(milliseconds: number, callback?: Callback): this {
    setSocketTimeout(this as Socket, milliseconds, callback)
    return this
  }

  _onTimeout(): void {
    this.emit('timeout')
  }

  /** Restarts the time of {@link setTimeout}. The engine does so for all that moves. */
  _unrefTimer(): void {
    for (const timer of timersOf(this)) timer.refresh()
  }

  setNoDelay(enable?: unknown): this {
    const inner = this[inside]
    inner.options.setNoDelay(inner.link, Boolean(enable === undefined ? true : enable))
    return this
  }

  setKeepAlive(enable?: unknown, delay?: unknown, interval?: unknown, count?: unknown): this {
    if (enable !== null && typeof enable === 'object') {
      const bag = enable as Record<string, unknown>
      return this.setKeepAlive(
        Boolean(bag['enable']),
        bag['initialDelay'],
        bag['interval'],
        bag['count'],
      )
    }
    const inner = this[inside]
    inner.options.setKeepAlive(
      inner.link,
      Boolean(enable),
      Math.max(wholeSeconds(delay), 0),
      interval === undefined ? undefined : wholeSeconds(interval),
      count as number | undefined,
    )
    return this
  }

  setTypeOfService(tos: number): this {
    if (Number.isNaN(tos)) throw wrongType('tos', 'of type number', tos)
    checkInt32('tos', tos, 0, 255)
    const inner = this[inside]
    inner.options.setTypeOfService(inner.link, tos)
    return this
  }

  getTypeOfService(): number {
    const inner = this[inside]
    return inner.options.getTypeOfService(inner.link)
  }

  ref(): this {
    return hold(this, true)
  }

  unref(): this {
    return hold(this, false)
  }

  address(): core.AddressInfo | object {
    const { localAddress: address, localPort: port, localFamily: family } = this
    return address === undefined ? {} : { address, family, port }
  }

  /** Null, whatever is assigned: programs compare it with that, or reach into it. */
  get _handle(): null {
    return null
  }

  set _handle(_: unknown) {
    // The descriptor is `fd`.
  }

  get pending(): boolean {
    return this.connecting || (placeOf(this) === undefined && this[inside].opening === undefined)
  }

  get _connecting(): boolean {
    return this.connecting
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening'
    if (this.readable) return this.writable ? 'open' : 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  get bufferSize(): number | undefined {
    return this.pending && !this.connecting ? undefined : this.writableLength
  }

  get bytesRead(): number | undefined {
    const { link, bytesRead } = this[inside]
    return this[inside] === nobodys ? undefined : (link?.bytesRead ?? bytesRead)
  }

  get _bytesDispatched(): number {
    const { link, bytesWritten } = this[inside]
    return link?.bytesWritten ?? bytesWritten
  }

  /** What waits to be written counts as well. */
  get bytesWritten(): number | undefined {
    const { parked } = this[inside]
    if (this[inside] === nobodys) return undefined
    const waiting = parked === undefined ? 0 : lengthOf(parked.data, parked.encoding)
    return this._bytesDispatched + waiting + lengthOf(waitingOf(this), 'utf8')
  }

  get remoteAddress(): string | undefined {
    return this[inside].last?.remoteAddress
  }

  get remotePort(): number | undefined {
    return this[inside].last?.remotePort
  }

  get remoteFamily(): string | undefined {
    return this[inside].last?.remoteFamily
  }

  get localAddress(): string | undefined {
    return this[inside].boundPath ?? placeOf(this)?.localAddress
  }

  get localPort(): number | undefined {
    return placeOf(this)?.localPort
  }

  get localFamily(): string | undefined {
    return familyOf(this.localAddress)
  }

  /** The number of the descriptor; -1 without a connection, and on Windows. */
  get fd(): number {
    return this[inside].link?.fd ?? -1
  }

  /**
   * The first bytes that were received and not read yet, up to `size` of them, which stay where they
   * are. Null if there are none.
   */
  peek(size = Infinity): Buffer | null {
    const bytes = Buffer.concat(bufferedOf(this))
    return bytes.length === 0 ? null : bytes.subarray(0, size)
  }

  /** A socket option by its name in {@link SocketOptions}, or by level and name as numbers. */
  getOption(name: OptionName | number, ...rest: number[]): unknown {
    return readOption(optionsOf(this), name, rest)
  }

  /** Sets a socket option by its name in {@link SocketOptions}, or by level and name as numbers. */
  setOption(name: OptionName | number, ...rest: unknown[]): this {
    writeOption(optionsOf(this), name, rest)
    return this
  }

  detach(): Promise<Detached> {
    return detach(this as Socket)
  }
}

/**
 * The connection as a program sees it: one that both ends have ended is gone here, and still there for
 * who has not read all of it.
 */
function placeOf(socket: SocketClass): Link<unknown> | undefined {
  const { link, last } = socket[inside]
  return link ?? (socket.destroyed ? undefined : last)
}

function optionsOf(socket: SocketClass): SocketOptions {
  const { link } = socket[inside]
  if (link === undefined) throw socketIsClosed()
  return link.options
}

// As they are for most sockets: each has its own only when it differs, as there are many sockets.
Object.assign(SocketClass.prototype, {
  _hadError: false,
  _parent: null,
  _host: null,
  _pendingData: null,
  _pendingEncoding: '',
})

// Whoever looks at the prototype itself, as inspectors and mocks do, finds properties that do not throw.
const nobodys = Object.freeze(new State())
Object.defineProperty(SocketClass.prototype, inside, { value: nobodys, writable: true })

interface ReadingAhead {
  readonly _readableState: { readingMore: boolean }
}

/** What a constructor does, for one that is called on an object, too. */
function initialise(socket: SocketClass, init: SocketInit): void {
  const inner = new State()
  socket[inside] = inner
  socket.connecting = false
  socket.server = null
  socket._server = null
  if (init.engine !== undefined) socket.engine = init.engine
  if (init.blockList !== undefined) socket.blockList = init.blockList
  const { options } = inner
  options.noDelay = Boolean(init.noDelay)
  options.keepAlive = Boolean(init.keepAlive)
  options.delay = Math.max(wholeSeconds(init.keepAliveInitialDelay), 0)
  options.typeOfService = init.typeOfService
  if (isOnRead(init.onread)) inner.onread = new OnRead(init.onread)
  inner.maxPending = maxPendingOf(init.maxPending)
  resetWrite(socket)
  // The engine reads on by itself, so the stream need not ask for more in a tick after each chunk.
  ;(socket as unknown as ReadingAhead)._readableState.readingMore = true
  socket.on('end', onEnd)
  if (init.handle instanceof BoundSocket) bind(inner, init.handle.release())
  else if (init.fd !== undefined) adoptInto(socket as Socket, init.fd, init)
  if (init.signal) listenTo(init.signal, socket)
}

/** What was taken over is closed if the signal is of no use: nobody else has it any more. */
function listenTo(signal: AbortSignal, socket: SocketClass): void {
  try {
    addAbortSignal(signal, socket)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function bind(inner: State, bound: Bound): void {
  inner.bound = bound
  inner.boundPath = bound.path
  inner.pathToRemove = bound.path
}

/** What was bound: its descriptor, unless that has connected, and its path. */
function unbind(inner: State): void {
  const { bound, pathToRemove } = inner
  inner.bound = undefined
  inner.pathToRemove = undefined
  if (bound !== undefined) closeBound(bound)
  else removePath(pathToRemove)
}

/** A program that writes on after the peer's end learns why it cannot. */
function onEnd(this: SocketClass): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd
}

function writeAfterEnd(this: Duplex, chunk: unknown, encoding?: unknown, done?: unknown): boolean {
  if (!this.writableEnded) {
    return Reflect.apply(Duplex.prototype.write, this, [chunk, encoding, done]) as boolean
  }
  const callback = typeof encoding === 'function' ? encoding : done
  const error = endedByPeer()
  if (typeof callback === 'function') process.nextTick(callback, error)
  this.destroy(error)
  return false
}

/** A socket that was closed can connect again. */
function renew(socket: SocketClass, inner: State): void {
  ;(socket as unknown as Undestroyable)._undestroy()
  resetWrite(socket)
  inner.last = undefined
  inner.isAsked = false
  inner.isToReset = false
  inner.bytesRead = 0
  inner.bytesWritten = 0
}

/** The stream's own `write`, or the one that knows a limit. */
function resetWrite(socket: SocketClass): void {
  if (Object.hasOwn(socket, 'write')) delete (socket as Partial<SocketClass>).write
  if (socket[inside].maxPending !== Infinity) socket.write = limitedWrite
}

/** Keeps a write until there is a connection. The stream keeps all further ones. */
function park(
  socket: SocketClass,
  data: Buffer | string | Chunks,
  encoding: BufferEncoding,
  done: Done,
): void {
  socket[inside].parked = { data, encoding, done }
}

/** A connection was made: the engine's `open` of a client. */
export function opened(link: Link<unknown>): void {
  const socket = link.data as SocketClass
  const inner = socket[inside]
  // One that was adopted has been attached from the beginning.
  if (inner.opening === undefined) return
  inner.opening = undefined
  socket.connecting = false
  attach(socket as Socket, link)
  inner.options.apply(link)
  inner.onread?.begin(socket as Socket)
  try {
    socket.emit('connect')
  } finally {
    // Whatever a listener throws, what was written is on its way.
    proceed(socket, inner)
  }
  if (inner.isToReset) reset(socket)
  socket.emit('ready')
  // A stream that has asked does not ask again before it gets something.
  if (socket.isPaused() && !inner.isAsked) stopReading(inner)
  else socket.read(0)
}

/** Goes on with what has waited for the connection. */
function proceed(socket: SocketClass, inner: State): void {
  const { parked, ending } = inner
  inner.parked = undefined
  inner.ending = undefined
  if (parked !== undefined) {
    const { data, encoding, done } = parked
    if (typeof data === 'string' || data instanceof Uint8Array) socket._write(data, encoding, done)
    else socket._writev(data, done)
  }
  if (ending !== undefined) socket._final(ending)
}

function reset<Self extends SocketClass>(socket: Self): Self {
  socket[inside].isReset = true
  return socket.destroy()
}

function hold<Self extends SocketClass>(socket: Self, isHeld: boolean): Self {
  const inner = socket[inside]
  inner.isUnref = !isHeld
  // A connect holds by itself, as with core.
  holdWhileActive(inner)
  return socket
}

/** Timers of this socket, and of those that stand on it. */
function* timersOf(socket: SocketClass): IterableIterator<NodeJS.Timeout> {
  for (let each: SocketClass | null | undefined = socket; each; each = each._parent) {
    const { silence } = (each[inside] as State | undefined) ?? {}
    if (silence !== undefined) yield silence.timer
  }
}

interface Waiting {
  readonly writableBuffer?: Chunks
}

/** What the stream has not given to be written yet. */
function waitingOf(socket: SocketClass): Chunks {
  const { writableBuffer } = socket as unknown as Waiting
  return writableBuffer ?? []
}

function lengthOf(data: Buffer | string | Chunks, encoding: BufferEncoding): number {
  if (typeof data === 'string') return Buffer.byteLength(data, encoding)
  if (data instanceof Uint8Array) return data.length
  return data.reduce((sum, { chunk, encoding: own }) => sum + lengthOf(chunk, own), 0)
}

function familyOf(address: string | undefined): 'IPv4' | 'IPv6' | undefined {
  if (address === undefined) return undefined
  return core.isIPv6(address) ? 'IPv6' : 'IPv4'
}

/** What counts the sockets that it has accepted. */
export interface CountingServer {
  _connections: number
  _emitCloseIfDrained?(): void
}

export type Socket = SocketClass

export const Socket = callable('Socket', SocketClass, (socket, options) => {
  const init = checkInit(options)
  Reflect.apply(Duplex as unknown as Function, socket, [streamOptions(init)])
  initialise(socket, init)
})

// Sockets of core are welcome wherever a program asks for one; subclasses are asked as usual.
Object.defineProperty(Socket, Symbol.hasInstance, {
  value(this: Function, value: unknown): boolean {
    const isOwn = Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]) as boolean
    return isOwn || (this === Socket && value instanceof core.Socket)
  },
})
