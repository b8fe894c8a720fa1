/**
 * What programs see: the types of `@types/node`, so that what was written for `node:net` compiles,
 * with what is added here.
 */
import type * as core from 'node:net'
import type { Detached } from '../engine/departure.ts'
import type { Engine } from '../engine/engine.ts'
import type { ServerStats } from '../engine/stats.ts'
import { normalizeArgs } from './arguments.ts'
import type { BoundSocket } from './bound-socket.ts'
import type { OptionName } from './option-names.ts'
import type { OnReadOptions } from './onread.ts'
import { Server as ServerClass } from './server.ts'
import { Socket as SocketClass } from './socket.ts'

/**
 * What sockets have beyond `node:net`.
 *
 * @inline
 */
interface SocketExtras {
  /** The number of the descriptor; -1 without a connection, and on Windows. */
  readonly fd: number
  /**
   * The first bytes that were received and not read yet, up to `size` of them, which stay where they
   * are. Null if there are none.
   */
  peek(size?: number): Buffer | null
  /**
   * A socket option by its name in the `options` of sockets of `mio-js` (docs/options.md), or by level,
   * name and length as numbers.
   *
   * @throws `ERR_SOCKET_CLOSED` without a connection; a system error; as the method of that name.
   */
  getOption(name: OptionName): unknown
  getOption(level: number, name: number, length?: number): Buffer
  /** Sets one, likewise. */
  setOption(name: OptionName, value: unknown): this
  setOption(level: number, name: number, value: number | boolean | Uint8Array): this
  /** `interval` and `count`: as of Node 26. Milliseconds; below a second they count as 0. */
  setKeepAlive(enable?: boolean, initialDelay?: number, interval?: number, count?: number): this
  setKeepAlive(options: {
    enable?: boolean
    initialDelay?: number
    interval?: number
    count?: number
  }): this
  /** `IP_TOS` or `IPV6_TCLASS`, 0 to 255; before there is a connection it is remembered. */
  setTypeOfService(tos: number): this
  /** What was set, or what the system has. */
  getTypeOfService(): number
  /**
   * Gives the descriptor away, once all is sent that was written, with what was received and not
   * read: {@link adopt} takes both, in this thread or another. The socket is destroyed, and the
   * connection goes on. POSIX only.
   *
   * @throws (rejects) `ERR_SOCKET_CLOSED` if it is not connected, or has ended;
   * `ERR_INVALID_STATE` after `setEncoding`; the error of the connection.
   */
  detach(): Promise<Detached>
}

/** Options beyond those of `node:net`. */
interface SharedExtras {
  /** The engine to run on. Default: one that all sockets and servers of the thread share. */
  readonly engine?: Engine | undefined
  /**
   * Bytes that may wait to be written: a socket that is written to with more is destroyed with
   * `ERR_PENDING_LIMIT`. Default: no limit.
   */
  readonly maxPending?: number | undefined
  /** Memory of the program's to read into; of a server, for every socket it accepts. */
  readonly onread?: OnReadOptions | null | undefined
}

/**
 * Options of {@link Socket}: those of `node:net`, of Node 26 as well, and what is added here.
 *
 * @example
 * ```ts
 * import { Socket, type SocketOptions } from 'mio-js/net'
 *
 * const options: SocketOptions = { noDelay: true, maxPending: 2 ** 20 }
 * new Socket(options).destroy()
 * ```
 */
export interface SocketOptions extends Omit<core.SocketConstructorOpts, 'onread'>, SharedExtras {
  /** A socket that is bound already. */
  readonly handle?: BoundSocket
  /** `TCP_NODELAY`: small writes leave at once. Default: false, as with core. */
  readonly noDelay?: boolean
  /** `SO_KEEPALIVE`. Default: false. */
  readonly keepAlive?: boolean
  /** Milliseconds of silence before the first probe; below a second they count as 0, the system's. */
  readonly keepAliveInitialDelay?: number
  /** `IP_TOS` or `IPV6_TCLASS`, 0 to 255. */
  readonly typeOfService?: number
  /** Addresses that are not connected to: `ERR_IP_BLOCKED`. */
  readonly blockList?: core.BlockList
  /** Bytes that each direction may buffer in the stream. Default: that of Node's streams. */
  readonly highWaterMark?: number
}

/**
 * Options of {@link connect}: those of a socket, and where to.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type AddressInfo, type ConnectOptions, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const options: ConnectOptions = { host: '127.0.0.1', port, maxPending: 2 ** 20 }
 * const socket = connect(options).resume()
 * await once(socket, 'close')
 * server.close()
 * await once(server, 'close')
 * ```
 */
export type ConnectOptions = SocketOptions &
  (Omit<core.TcpNetConnectOpts, 'onread'> | Omit<core.IpcNetConnectOpts, 'onread'>)

/**
 * Options of {@link Server}: those of `node:net`, and what is added here.
 *
 * @example
 * ```ts
 * import { Engine } from 'mio-js/engine'
 * import { Server, type ServerOptions } from 'mio-js/net'
 *
 * const engine = new Engine({ io: 'thread' })
 * const options: ServerOptions = { engine, maxPending: 2 ** 20, noDelay: true }
 * console.log(new Server(options).listening) // false
 * await engine.close()
 * ```
 */
export interface ServerOptions extends core.ServerOpts, SharedExtras {
  /** Addresses whose connections are closed at once. */
  readonly blockList?: core.BlockList
}

/**
 * A socket: all that one of `node:net` is, and what is added here.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type AddressInfo, type Socket, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const socket: Socket = connect(port, '127.0.0.1')
 * await once(socket, 'readable')
 * console.log(socket.peek(4)?.toString()) // hell
 * socket.setOption('userTimeout', 5_000)
 * socket.resume()
 * await once(socket, 'close')
 * server.close()
 * await once(server, 'close')
 * ```
 */
export type Socket = core.Socket & SocketExtras

/**
 * As `node:net` has it, on the engine. Can be called without `new`.
 *
 * @example
 * ```ts
 * import { Socket } from 'mio-js/net'
 *
 * const socket = new Socket() // connects to nobody yet: socket.connect(port, host)
 * console.log(socket.readyState, socket.fd) // open -1
 * socket.destroy()
 * ```
 */
export const Socket = SocketClass as unknown as {
  new (options?: SocketOptions): Socket
  (options?: SocketOptions): Socket
  readonly prototype: Socket
}

/** @inline */
interface ServerExtras {
  /** Counters of the engine, since it listens; undefined while it does not. */
  stats(): ServerStats | undefined
}

/**
 * A server: all that one of `node:net` is, and what is added here.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type Server, createServer } from 'mio-js/net'
 *
 * const server: Server = createServer().listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * console.log(server.stats()?.open) // 0
 * server.close()
 * await once(server, 'close')
 * ```
 */
export type Server = core.Server & ServerExtras

/** @inline */
type Listener = (socket: Socket) => void

/**
 * As `node:net` has it, on the engine. Can be called without `new`.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { Server } from 'mio-js/net'
 *
 * const server = new Server((socket) => socket.end('hello'))
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * server.close()
 * await once(server, 'close')
 * console.log(server.listening) // false
 * ```
 */
export const Server = ServerClass as unknown as {
  new (options?: ServerOptions | Listener, listener?: Listener): Server
  (options?: ServerOptions | Listener, listener?: Listener): Server
  readonly prototype: Server
}

/**
 * Makes a server. @throws `ERR_INVALID_ARG_TYPE`.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { type AddressInfo, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
 * socket.end('there and back')
 * console.log(await text(socket)) // there and back
 * server.close()
 * await once(server, 'close')
 * ```
 */
export function createServer(listener?: Listener): Server
export function createServer(options?: ServerOptions, listener?: Listener): Server
export function createServer(options?: ServerOptions | Listener, listener?: Listener): Server {
  return new Server(options, listener)
}

/**
 * Makes a socket and connects it: to options, a port and host, or a path.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { type AddressInfo, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const socket = connect({ port, host: '127.0.0.1' }, () => console.log(socket.fd !== 0)) // true
 * console.log(await text(socket)) // hello
 * server.close()
 * await once(server, 'close')
 * ```
 */
export function connect(options: ConnectOptions, listener?: () => void): Socket
export function connect(port: number | string, host?: string, listener?: () => void): Socket
export function connect(port: number | string, listener?: () => void): Socket
export function connect(path: string, listener?: () => void): Socket
export function connect(...args: unknown[]): Socket {
  const normalized = normalizeArgs(args)
  const [options] = normalized
  const socket = new SocketClass(options)
  const { timeout } = options
  if (timeout) socket.setTimeout(timeout as number)
  return socket.connect(normalized) as unknown as Socket
}

/**
 * A socket that goes on where another one was detached. The descriptor is its own from here on.
 *
 * @throws `ERR_INVALID_FD_TYPE`, `ERR_FD_OWNED`; the descriptor is still the caller's then.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { type AddressInfo, adopt, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
 * await once(socket, 'connect')
 *
 * const detached = await socket.detach() // here, or in another thread:
 * const same = adopt(detached)
 * same.end('there and back')
 * console.log(await text(same)) // there and back
 * server.close()
 * await once(server, 'close')
 * ```
 */
export function adopt(detached: Detached, options?: SocketOptions): Socket {
  const { fd, leftover } = detached
  return new SocketClass({ ...(options as object), fd, leftover }) as unknown as Socket
}
