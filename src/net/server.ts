import { EventEmitter } from 'node:events'
import { type BlockList, type AddressInfo } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'
import { promisify } from 'node:util'
import type { Engine } from '../engine/engine.ts'
import type { ServerStats } from '../engine/stats.ts'
import type { Callback } from './arguments.ts'
import { callable } from './callable.ts'
import { ownOptions } from './engine.ts'
import { notRunning, systemFailure, wrongType } from './errors.ts'
import type { ListeningHandle } from './listening-handle.ts'
import { type ListeningServer, listen } from './listening.ts'
import { isBlockList } from './socket-init.ts'
import { checkNumber, wholeSeconds } from './validate.ts'

/** Options of a server: those of `node:net`, and `engine`, `maxPending`, `onread` of its sockets. */
export interface ServerInit {
  allowHalfOpen?: boolean
  pauseOnConnect?: boolean
  noDelay?: boolean
  keepAlive?: boolean
  keepAliveInitialDelay?: number
  highWaterMark?: number
  blockList?: BlockList
  engine?: Engine
  maxPending?: number
  onread?: unknown
}

/**
 * A `net.Server` on the engine. What is documented for `node:net` holds; `stats()` is its own.
 */
class ServerClass extends EventEmitter implements ListeningServer {
  declare _connections: number
  declare _handle: ListeningHandle | null
  declare _usingWorkers: boolean
  declare _workers: unknown[]
  declare _unref: boolean
  declare _listeningId: number
  declare _connectionKey: string
  declare _pipeName: string
  declare allowHalfOpen: boolean
  declare pauseOnConnect: boolean
  declare noDelay: boolean
  declare keepAlive: boolean
  declare keepAliveInitialDelay: number
  declare highWaterMark: number
  declare maxConnections: number
  declare blockList: BlockList
  declare engine: Engine
  declare maxPending: number
  declare onread: unknown

  constructor(options?: ServerInit | Callback | null, listener?: Callback) {
    super()
    initialise(this, options, listener)
  }

  listen(...args: unknown[]): this {
    return listen(this, args)
  }

  get listening(): boolean {
    return Boolean(this._handle)
  }

  address(): AddressInfo | string | null {
    const { _handle: handle } = this
    if (handle?.getsockname !== undefined) {
      const out = {}
      const error = handle.getsockname(out)
      if (error !== 0) throw systemFailure(error, 'address')
      return out as AddressInfo
    }
    return this._pipeName ?? null
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this._connections)
    return this
  }

  /** Counters of the engine, since it listens; undefined while it does not. */
  stats(): ServerStats | undefined {
    return this._handle?.stats()
  }

  close(callback?: Callback): this {
    this._listeningId += 1
    const { _handle: handle } = this
    if (typeof callback === 'function') {
      if (handle === null) this.once('close', () => callback(notRunning()))
      else this.once('close', callback)
    }
    this._handle = null
    handle?.close()
    this._emitCloseIfDrained()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this._handle !== null) await promisify(this.close).call(this)
  }

  /** When nothing is open any more, and the system has the address back. */
  _emitCloseIfDrained(): void {
    if (this._handle || this._connections) return
    process.nextTick(() => this.emit('close'))
  }

  override [EventEmitter.captureRejectionSymbol](
    error: Error,
    event: string | symbol,
    ...[socket]: unknown[]
  ): void {
    if (event === 'connection') (socket as { destroy(error: Error): void }).destroy(error)
    else this.emit('error', error)
  }

  ref(): this {
    this._unref = false
    this._handle?.ref()
    return this
  }

  unref(): this {
    this._unref = true
    this._handle?.unref()
    return this
  }
}

function initialise(
  server: ServerClass,
  options: ServerInit | Callback | null | undefined,
  listener: Callback | undefined,
): void {
  if (typeof options === 'function') server.on('connection', options)
  else if (typeof listener === 'function') server.on('connection', listener)
  const init = typeof options === 'function' ? {} : (options ?? {})
  if (typeof init !== 'object') throw wrongType('options', 'of type object', options)
  const { keepAliveInitialDelay, highWaterMark, blockList } = init
  if (keepAliveInitialDelay !== undefined) {
    checkNumber('options.keepAliveInitialDelay', keepAliveInitialDelay)
  }
  if (highWaterMark !== undefined) checkNumber('options.highWaterMark', highWaterMark)
  if (blockList && !isBlockList(blockList)) {
    throw wrongType('options.blockList', 'an net.BlockList', blockList)
  }
  const usual = getDefaultHighWaterMark(false)
  const mark = highWaterMark ?? usual
  Object.assign(server, {
    _connections: 0,
    _handle: null,
    _usingWorkers: false,
    _workers: [],
    _unref: false,
    _listeningId: 1,
    allowHalfOpen: init.allowHalfOpen || false,
    pauseOnConnect: Boolean(init.pauseOnConnect),
    noDelay: Boolean(init.noDelay),
    keepAlive: Boolean(init.keepAlive),
    keepAliveInitialDelay: Math.max(wholeSeconds(keepAliveInitialDelay), 0),
    highWaterMark: mark < 0 ? usual : mark,
    ...(blockList ? { blockList } : {}),
    ...ownOptions(init),
  })
}

export type Server = ServerClass

export const Server = callable('Server', ServerClass, (server, options, listener) => {
  Reflect.apply(EventEmitter as unknown as Function, server, [])
  initialise(server, options, listener)
})
