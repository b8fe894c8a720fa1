import * as core from 'node:net'
import { Duplex } from 'node:stream'
import type { Detached } from '../engine/departure.ts'
import type { Engine } from '../engine/engine.ts'
import { type Callback, isNormalized, normalizeArgs } from './arguments.ts'
import { unbind } from './bound-socket.ts'
import { bufferedOf } from './buffered.ts'
import { callable } from './callable.ts'
import { tellClientSocket } from './channels.ts'
import { beginConnect, checkPlace, refuseConnect } from './connecting.ts'
import { detach } from './detaching.ts'
import { engineOf } from './engine.ts'
import { socketIsClosed, wrongType } from './errors.ts'
import { holdWhileActive } from './holding.ts'
import { closeLink, finish, placeOf, startReading, stopReading, write, writeAll } from './link.ts'
import { type OptionName, readOption, writeOption } from './option-names.ts'
import { closeUnconnected, giveUp, park, refuse } from './parked.ts'
import { resetAndDestroy } from './resetting.ts'
import { type SocketInit, checkInit, initialise, streamOptions } from './socket-init.ts'
import { type Chunks, type Done, State, inside } from './state.ts'
import { setSocketTimeout, timersOf } from './timeout.ts'
import { checkInt32, wholeSeconds } from './validate.ts'
import { waitingBytes } from './waiting-bytes.ts'

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
    return engineOf(this)
  }

  connect(...args: unknown[]): this {
    const [first] = args
    const [options, callback] = isNormalized(first) ? first : normalizeArgs(args)
    tellClientSocket(this)
    if (callback !== null) this.once('connect', callback)
    if (this._parent?.connecting === true) return this
    checkPlace(options)
    const inner = this[inside]
    const isTaken = inner.opening !== undefined || inner.link !== undefined
    if (isTaken && !this.destroyed) refuseConnect(this, options)
    else beginConnect(this, options)
    return this
  }

  override _read(): void {
    this[inside].isAsked = true
    if (!this.connecting) startReading(this)
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
    const { link, opening, last } = inner
    const hadError = Boolean(error)
    const parked = giveUp(this)
    this.connecting = false
    for (const timer of timersOf(this)) clearTimeout(timer)
    inner.silence = undefined
    inner.opening = undefined
    opening?.cancel()
    unbind(inner)
    if (link !== undefined) closeLink(this, link, hadError)
    done(error)
    const wasUsed = opening !== undefined || last !== undefined
    if (link === undefined) closeUnconnected(this, parked, wasUsed, hadError)
    else if (parked !== undefined) refuse(parked)
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
    resetAndDestroy(this)
    return this
  }

  override pause(): this {
    const inner = this[inside]
    if (inner.onread !== undefined && !this.connecting) stopReading(inner)
    return super.pause()
  }

  override resume(): this {
    if (this[inside].onread !== undefined && !this.connecting) startReading(this)
    return super.resume()
  }

  override read(size?: number): unknown {
    if (this[inside].onread !== undefined && !this.connecting) startReading(this)
    return super.read(size)
  }

  setTimeout(milliseconds: number, callback?: Callback): this {
    setSocketTimeout(this, milliseconds, callback)
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
    hold(this, true)
    return this
  }

  unref(): this {
    hold(this, false)
    return this
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
    return this[inside] === nobodys ? undefined : this._bytesDispatched + waitingBytes(this)
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

  /** A socket option by its name in `SocketOptions`, or by level and name as numbers. */
  getOption(name: OptionName | number, ...rest: number[]): unknown {
    return readOption(this, name, rest)
  }

  /** Sets a socket option by its name in `SocketOptions`, or by level and name as numbers. */
  setOption(name: OptionName | number, ...rest: unknown[]): this {
    writeOption(this, name, rest)
    return this
  }

  detach(): Promise<Detached> {
    return detach(this)
  }
}

// Deno's servers of HTTP suspend the timer that they find under this symbol in a socket whose
// `setTimeout` is that of `net.Socket`, as it is of ours where they are registered, and go on with it.
// There is none, and not one of its absences is the same as another: what is no number never is.
if (process.versions['deno'] !== undefined) {
  const symbols = Object.getOwnPropertySymbols(new core.Socket())
  const key = symbols.find(({ description }) => description === 'timeout')
  if (key !== undefined) {
    const none = { get: () => NaN, set: () => {}, configurable: true }
    Object.defineProperty(SocketClass.prototype, key, none)
  }
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

function hold(socket: Socket, isHeld: boolean): void {
  const inner = socket[inside]
  inner.isUnref = !isHeld
  // A connect holds by itself, as with core.
  holdWhileActive(inner)
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
