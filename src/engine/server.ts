import { chmodSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { native } from '../binding.ts'
import { checkInteger, own } from '../check.ts'
import { Counters } from '../counters.ts'
import { illegalConstructor, invalidType } from '../errors.ts'
import type { SocketOptionValues } from '../option-values.ts'
import type { SocketAddr } from '../socket-addr.ts'
import type { SocketOptions } from '../socket-options.ts'
import { optionsFor } from '../source-options.ts'
import type { Address } from './address.ts'
import { bind, placeOf } from './bind.ts'
import { broadcast } from './broadcast.ts'
import { type Handlers, callbacksOf } from './handlers.ts'
import { listenOptionsOf } from './initial-options.ts'
import { Listener } from './listener.ts'
import type { Machine } from './machine.ts'
import {
  Field,
  Flag,
  type Numbers,
  type ConnectionOptions,
  flagOf,
  limitOf,
  newNumbers,
  raise,
  serverDeadlines,
  settingsOf,
} from './options.ts'
import { type ServerStats, serverFields } from './stats.ts'
import type { Socket } from './socket.ts'
import { tellServerListen } from './telemetry.ts'

/**
 * Options of {@link Engine.listen}. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * import { type ListenOptions, listen } from 'mio-js/engine'
 *
 * const options: ListenOptions = {
 *   hostname: '127.0.0.1',
 *   port: 0,
 *   backlog: 1024,
 *   maxConnections: 1_000,
 *   idleTimeout: 60_000,
 *   options: { recvBufferSize: 262_144 },
 * }
 * await listen(options).close()
 * ```
 */
export interface ListenOptions<T = undefined> extends ConnectionOptions<T> {
  /**
   * A literal address, or `localhost` for 127.0.0.1. Default: every address of the machine, by IPv6
   * and IPv4 where there is IPv6, else by IPv4.
   */
  readonly hostname?: string | undefined
  /** 0 to 65535; 0, the default, for one that is free. */
  readonly port?: number | undefined
  /** A Unix socket, on Windows a named pipe (`\\.\pipe\name`), instead of hostname and port. */
  readonly path?: string | undefined
  /** Whether all users may read from the path: only the own one may, unless said otherwise. Default: false. */
  readonly readableAll?: boolean | undefined
  /** Whether all users may write to the path, without which nobody connects to a Unix socket. Default: false. */
  readonly writableAll?: boolean | undefined
  /**
   * The descriptor of a bound stream socket, of TCP or a Unix socket, instead of hostname, port and
   * path; it may listen already. It is the server's from then on, which closes it, and removes no
   * file. Not on Windows.
   */
  readonly fd?: number | undefined
  /**
   * Connections that may wait to be accepted, 1 to 2^31 - 1; the system caps it (Linux:
   * `net.core.somaxconn`). Default: 511.
   */
  readonly backlog?: number | undefined
  /**
   * `SO_REUSEPORT` (FreeBSD: `SO_REUSEPORT_LB`): whether other processes may listen on the same port. Default: false. The system
   * lets only those in that ask for it as well. With more than one thread on Linux the threads
   * themselves share the port in this way, so a process of the same user that asks for it may join.
   */
  readonly reusePort?: boolean | undefined
  /** Whether an IPv6 address takes no IPv4 connections. Default: false. */
  readonly ipv6Only?: boolean | undefined
  /**
   * Connections that may be open at the same time; further ones are closed at once and counted.
   * Default: 10,000, or half of the process's soft limit of descriptors if that is less. `Infinity`
   * for no limit.
   */
  readonly maxConnections?: number | undefined
  /** Options of the listening socket before it is bound; on some systems sockets inherit them. */
  readonly options?: SocketOptionValues | undefined
}

const key = Symbol('Server')
const maxBacklog = 2 ** 31 - 1

/** Starts to listen. */
export let listenOn: (machine: Machine, bag: object) => Server
/** Another descriptor of what a server listens on, the caller's. Not on Windows. */
export let duplicateOf: (server: Server) => number
/** Calls `callback`, which must not throw, when a server begins to close, whoever closes it. */
export let whenClosing: (server: Server, callback: () => void) => void

/**
 * Accepts connections, from when it was made until it is closed.
 *
 * @example
 * ```ts
 * import { connect, listen } from 'mio-js/engine'
 *
 * const server = listen({ hostname: '127.0.0.1', maxConnections: 100 })
 * const client = await connect({ hostname: '127.0.0.1', port: server.port })
 * console.log(server.broadcast('to everybody') <= 1) // true
 *
 * client.close()
 * await server.close() // accepts nothing more, and waits for all sockets
 * console.log(server.stats().open, server.stats().dropped) // 0 0
 * ```
 */
export class Server implements AsyncDisposable {
  readonly #listener: Listener
  readonly #address: SocketAddr | string
  readonly #counters: Counters<keyof ServerStats>

  private constructor(machine: Machine, bag: object, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    const numbers = newNumbers()
    const settings = settingsOf(bag, serverDeadlines, numbers)
    numbers[Field.MAX_CONNECTIONS] = limitOf(bag, 'maxConnections', 0, NaN)
    numbers[Field.BACKLOG] = backlogOf(own(bag, 'backlog'))
    if (flagOf(bag, 'reusePort', false)) raise(numbers, Flag.REUSE_PORT)
    if (flagOf(bag, 'ipv6Only', false)) raise(numbers, Flag.IPV6_ONLY)
    const mode = modeOf(bag, numbers)
    const options = listenOptionsOf(bag, numbers)
    const place = placeOf(bag)
    // Reading options may have run code of the program's.
    machine.checkOpen()
    const index = machine.newListenerIndex()
    this.#address = bind(machine, index, place, numbers, options)
    this.#counters = new Counters(serverFields, (out) =>
      native.listenerStats(machine.handle, index, out),
    )
    const isPath = typeof this.#address === 'string'
    const bound = {
      address: isPath ? undefined : compact((this.#address as SocketAddr).address),
      port: isPath ? undefined : (this.#address as SocketAddr).port,
    }
    const onClosed = (): void => this.#counters.finish()
    this.#listener = new Listener(machine, index, settings, bound, this, onClosed)
    if (isPath && mode !== 0) allow(this.#address as string, mode, this.#listener)
    tellServerListen(this)
  }

  static {
    listenOn = (machine, bag) => new Server(machine, bag, key)
    duplicateOf = (server) => server.#listener.duplicate()
    whenClosing = (server, callback) => {
      server.#listener.onClosing = callback
    }
  }

  /** The port, also if the system chose it; `undefined` for a path. */
  get port(): number | undefined {
    return typeof this.#address === 'string' ? undefined : this.#address.port
  }

  /** The address as text; `undefined` for a path. */
  get hostname(): string | undefined {
    return typeof this.#address === 'string' ? undefined : this.#address.address
  }

  /** As in `node:net`: the path, or an address. */
  address(): { address: string; family: 'IPv4' | 'IPv6'; port: number } | string {
    if (typeof this.#address === 'string') return this.#address
    const { address, family, port } = this.#address
    return { address, family, port }
  }

  /**
   * The options of the listening socket; of all of them if the threads have one each, and then what is
   * read is that of the first. What sockets inherit that are accepted later is in docs/options.md.
   *
   * @throws of its methods: `ERR_SERVER_CLOSED` from `close` on.
   */
  get options(): SocketOptions {
    const listener = this.#listener
    return optionsFor(listener, () => listener.target)
  }

  /**
   * The number of the listening descriptor, of the first if the threads have one each. It stays the
   * engine's. -1 from `close` on, and on Windows.
   */
  get fd(): number {
    return this.#listener.fd
  }

  /** How many sockets had their `open` and not yet their `close`. */
  get connections(): number {
    return this.#listener.connections
  }

  /** Counters, since it listens; the last ones once it is closed. */
  stats(): ServerStats {
    return this.#counters.read()
  }

  /** Keeps the process alive, which is the default. */
  ref(): this {
    this.#listener.hold()
    return this
  }

  /** Lets the process end, if only this server is left. Its open sockets still keep it alive. */
  unref(): this {
    this.#listener.release()
    return this
  }

  /**
   * Replaces the handlers, all of them, for new and open sockets.
   *
   * @throws `ERR_INVALID_ARG_TYPE`; nothing is replaced then.
   */
  reload<T>(handlers: Handlers<T>): void {
    if (handlers === undefined) throw invalidType('handlers', 'an object', handlers)
    Object.assign(this.#listener.settings.callbacks, callbacksOf('handlers', handlers))
  }

  /**
   * Writes to every socket, or those for which `filter` returns something true, and returns to how
   * many. Sockets that are not writable are left out. The bytes cross to native code once; `drain`
   * does not come for them, see {@link Socket.bufferedAmount}.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_BUFFER_DETACHED`; what `filter` throws, with nothing
   * written.
   */
  broadcast<T = unknown>(
    bytes: string | NodeJS.ArrayBufferView,
    filter?: (socket: Socket<T>) => unknown,
  ): number {
    if (filter !== undefined && typeof filter !== 'function') {
      throw invalidType('filter', 'a function', filter)
    }
    return broadcast(
      this.#listener,
      bytes,
      filter as ((socket: Socket<unknown>) => unknown) | undefined,
    )
  }

  /**
   * Accepts nothing more, and resolves when every socket had its `close`. It ends none of them: that
   * is the program's, or {@link Server.closeNow}.
   */
  close(): Promise<void> {
    return this.#listener.close()
  }

  /**
   * Accepts nothing more, and resolves when the system has the address back: somebody else may listen
   * there from then on. Sockets stay open.
   */
  stop(): Promise<void> {
    return this.#listener.stop()
  }

  /** Accepts nothing more, and terminates every socket. {@link Server.close} tells when it is done. */
  closeNow(): void {
    this.#listener.closeNow()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** The rights of everybody, in the file of a Unix socket; native code gives those of a named pipe. */
function modeOf(bag: object, numbers: Numbers): number {
  const [reads, writes] = [flagOf(bag, 'readableAll', false), flagOf(bag, 'writableAll', false)]
  if (process.platform !== 'win32') return (reads ? 0o444 : 0) | (writes ? 0o222 : 0)
  if (reads) raise(numbers, Flag.READABLE_ALL)
  if (writes) raise(numbers, Flag.WRITABLE_ALL)
  return 0
}

function allow(path: string, mode: number, listener: Listener): void {
  try {
    chmodSync(path, statSync(path).mode | mode)
  } catch (error) {
    listener.closeNow()
    throw error
  }
}

function backlogOf(value: unknown): number {
  if (value === undefined) return 511
  checkInteger('options.backlog', value, 0, Number.MAX_SAFE_INTEGER)
  return Math.min(Math.max(value as number, 1), maxBacklog)
}

/** IPv4 in the form that connections keep. */
function compact(address: string): Address {
  if (isIP(address) !== 4) return address
  return address.split('.').reduce((bits, part) => (bits << 8) | Number(part), 0)
}
