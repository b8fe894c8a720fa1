import { AsyncResource } from 'node:async_hooks'
import { native } from '../binding.ts'
import { checkInteger, optionsOf, own } from '../check.ts'
import { track, untrack } from '../collected.ts'
import { Counters } from '../counters.ts'
import { Wake, chooseWake } from '../wake.ts'
import { type AdoptOptions, adopt } from './adopt.ts'
import { type ConnectOptions, Connector } from './connector.ts'
import { addEngine, removeEngine } from './engines.ts'
import { Io, ioNameOf } from './io.ts'
import { Machine } from './machine.ts'
import { limitOf } from './options.ts'
import { type ListenOptions, type Server, listenOn } from './server.ts'
import type { Socket } from './socket.ts'
import { type Counted, type EngineStats, engineFields } from './stats.ts'
import { tellEngineClose, tellEngineOpen } from './telemetry.ts'

/**
 * Options of {@link Engine}. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * import { Engine, type EngineOptions } from 'mio-js/engine'
 *
 * const options: EngineOptions = { io: 'thread', threads: 2, maxPendingTotal: 64 * 2 ** 20 }
 * await using engine = new Engine(options)
 * console.log(engine.stats().pendingBytes) // 0
 * ```
 */
export interface EngineOptions {
  /**
   * Where system calls are made: on this thread (`inline`), on threads of their own (`thread`), or
   * wherever it pays at the moment (`auto`). Handlers always run on this thread. Default: what the
   * environment variable `MIO_JS_IO` says, else `auto`.
   */
  readonly io?: 'inline' | 'thread' | 'auto' | undefined
  /** How many threads share the sockets, 1 to 64. Default: 1. */
  readonly threads?: number | undefined
  /**
   * Bytes that all sockets together may have buffered: one that writes when there are more is closed
   * with `ERR_PENDING_LIMIT`. Default: 256 MiB. `Infinity` for none.
   */
  readonly maxPendingTotal?: number | undefined
}

/** The machine of an engine, for what else is built on it. */
export let machineOf: (engine: Engine) => Machine

/**
 * Servers and sockets whose system calls are made elsewhere, in batches.
 *
 * Keeps the process alive as long as it has a server or a socket that is not unref'd. One that has
 * nothing open and is not used any more is closed by the garbage collector, with a warning.
 *
 * @example
 * ```ts
 * import { Engine } from 'mio-js/engine'
 *
 * const engine = new Engine({ io: 'inline' })
 * const server = engine.listen({
 *   hostname: '127.0.0.1',
 *   socket: { data: (socket, chunk) => void socket.end(chunk) },
 * })
 * await new Promise((resolve, reject) => {
 *   engine
 *     .connect({
 *       hostname: '127.0.0.1',
 *       port: server.port,
 *       socket: {
 *         open: (socket) => void socket.write('hello'),
 *         data: (_socket, chunk) => console.log(chunk.toString()), // hello
 *         close: resolve,
 *       },
 *     })
 *     .catch(reject)
 * })
 * await engine.close()
 * ```
 */
export class Engine implements AsyncDisposable {
  readonly #machine: Machine
  readonly #counters: Counters<Counted>

  /**
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`; a system error
   * (`EMFILE`, `ENOMEM`, `EAGAIN`); `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` when `MIO_JS_WAKE` asks
   * for what this runtime does not have.
   */
  constructor(options?: EngineOptions) {
    const bag = optionsOf(options)
    const io = ioNameOf(own(bag, 'io'))
    const wanted = own(bag, 'threads')
    const threads = wanted === undefined ? 1 : wanted
    checkInteger('options.threads', threads, 1, 64)
    const maxPendingTotal = limitOf(bag, 'maxPendingTotal', 0, 256 * 2 ** 20)
    const wake = chooseWake()
    const machine = new Machine(Io[io], wake, threads as number, maxPendingTotal)
    const { handle } = machine
    machine.belongTo(this)
    this.#machine = machine
    this.#counters = new Counters(engineFields, (out) => native.engineStats(handle, out))
    track(this, 'Engine', handle, native.engineClose)
    addEngine(this)
    tellEngineOpen(this, describe(io, wake, threads as number))
  }

  static {
    machineOf = (engine) => engine.#machine
  }

  /**
   * Binds and listens at once: the port is known, and errors are thrown, when this returns.
   *
   * @throws a system error with `address` and `port`: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`,
   * `EMFILE`; `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`; `ERR_ENGINE_CLOSED`. For an `fd`, which is still
   * the caller's then: `EBADF`, `ENOTSOCK`, `ERR_INVALID_FD_TYPE`, `ERR_FD_OWNED`,
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  listen<T = undefined>(options: ListenOptions<T>): Server {
    this.#machine.checkOpen()
    return listenOn(this.#machine, optionsOf(options))
  }

  /**
   * Connects, and resolves with a socket that is open and whose `open` handler has returned.
   *
   * @throws (rejects) a system error with `address` and `port`: `ECONNREFUSED`, `ETIMEDOUT`,
   * `ENETUNREACH`, … of the last address that was tried; that of `node:dns`; `ABORT_ERR`;
   * `ERR_ENGINE_CLOSED`; as {@link Engine.listen} for the options.
   */
  // oxlint-disable-next-line require-await: rejects instead of throwing
  async connect<T = undefined>(options: ConnectOptions<T>): Promise<Socket<T>> {
    this.#machine.checkOpen()
    const resource = new AsyncResource('MIO_SOCKET')
    const connector = new Connector(this.#machine, resource, optionsOf(options))
    return connector.start() as Promise<Socket<T>>
  }

  /**
   * Takes over the descriptor of a connected stream socket, on Windows a `SOCKET`, such as
   * {@link Socket.detach} gives away. Returns at once; what is written before `open` is sent then.
   *
   * @throws `EBADF`, `ENOTSOCK`, `ENOTCONN`; `ERR_INVALID_FD_TYPE`; `ERR_FD_OWNED`;
   * `ERR_ENGINE_CLOSED`; as {@link Engine.listen} for the options. The descriptor is still the caller's
   * then.
   */
  adopt<T = undefined>(fd: number, options?: AdoptOptions<T>): Socket<T> {
    this.#machine.checkOpen()
    return adopt(this.#machine, fd, optionsOf(options)).socket as Socket<T>
  }

  /** Counters, since the engine was made; the last ones once it is closed. */
  stats(): EngineStats {
    const { servers, sockets, threaded } = this.#machine
    return Object.freeze({ ...this.#counters.read(), sockets, servers, threaded })
  }

  /**
   * Terminates all sockets, stops all servers, ends the threads. Resolves when that is done and
   * every socket had its `close`. To end gracefully, close the servers first.
   */
  close(): Promise<void> {
    untrack(this)
    return this.#machine.close(() => {
      this.#counters.finish()
      removeEngine(this)
      tellEngineClose(this)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function describe(io: string, wake: Wake, threads: number): string {
  const waking = wake === Wake.uv ? 'libuv' : 'a thread'
  return `io ${io}, threads ${threads}, woken by ${waking}`
}
