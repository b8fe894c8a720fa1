import { native } from '../binding.ts'
import { illegalConstructor } from '../errors.ts'
import { checkBoolean } from '../check.ts'
import type { SocketOptions } from '../socket-options.ts'
import { optionsFor } from '../source-options.ts'
import { familyOf, textOf } from './address.ts'
import type { Connection } from './connection.ts'
import { type Detached, Departure } from './departure.ts'
import { keepAliveOf, millisecondsOf } from './options.ts'

const key = Symbol('Socket')

/** Makes the socket of a connection. */
export let socketOf: (connection: Connection) => Socket<unknown>

/** The connection of a socket, for what else is built on it. */
export let connectionOf: (socket: Socket<unknown>) => Connection

/**
 * A connection, by TCP, a Unix socket or a named pipe. What happens to it is told to the handlers of its server,
 * or to those that it was connected or adopted with: never from within a method here.
 *
 * Methods take effect at the end of the current event's handler, or of the current tick. Bytes are
 * any `Buffer`, `TypedArray` or `DataView` of memory that is not shared; they are copied at once.
 * What was received while there is no `data` handler is dropped.
 *
 * @example
 * ```ts
 * import { type Socket, connect, listen } from 'mio-js/engine'
 *
 * const server = listen({
 *   hostname: '127.0.0.1',
 *   socket: { data: (socket, chunk) => void socket.write(chunk) },
 * })
 * let done = (): void => {}
 * const closed = new Promise<void>((resolve) => (done = resolve))
 * const socket: Socket<{ parts: string[] }> = await connect({
 *   hostname: '127.0.0.1',
 *   port: server.port,
 *   data: () => ({ parts: [] as string[] }),
 *   socket: {
 *     data: ({ data }, chunk) => void data.parts.push(chunk.toString()),
 *     close: () => done(),
 *   },
 * })
 * socket.write('there ')
 * socket.write('and back') // leaves with the first
 * socket.end()
 * await closed
 * console.log(socket.data.parts.join(''), socket.bytesRead) // there and back 14
 * await server.close()
 * ```
 */
export class Socket<T = undefined> {
  /** The program's own; the option `data` makes it. */
  data: T
  readonly #connection: Connection

  private constructor(connection: Connection, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.data = undefined as T
    this.#connection = connection
  }

  static {
    socketOf = (connection) => new Socket<unknown>(connection, key)
    connectionOf = (socket) => socket.#connection
  }

  /**
   * Queues all of the bytes, or of the text in its encoding (default `utf8`). False means that more
   * is buffered than `highWaterMark`: `drain` comes, once, when everything is with the system.
   *
   * A socket that has more than `maxPending` buffered, or whose engine has more than
   * `maxPendingTotal`, is closed with `ERR_PENDING_LIMIT` instead, after this returned.
   *
   * @throws `ERR_SOCKET_CLOSED` after `close`, `terminate`, `destroy`, `detach` and the `close`
   * event;
   * `ERR_STREAM_WRITE_AFTER_END` after `end` and `shutdown`; `ERR_INVALID_ARG_TYPE`,
   * `ERR_UNKNOWN_ENCODING`, `ERR_BUFFER_DETACHED`.
   */
  write(bytes: string | NodeJS.ArrayBufferView, encoding?: BufferEncoding): boolean {
    return this.#connection.write(bytes, encoding)
  }

  /**
   * Queues what fits below `highWaterMark` and returns the number of bytes. If those are not all,
   * `drain` comes, once, when everything is with the system.
   *
   * @throws as {@link Socket.write}.
   */
  tryWrite(bytes: NodeJS.ArrayBufferView): number {
    return this.#connection.tryWrite(bytes)
  }

  /**
   * Whether everything that was written is with the system, as far as is known here. If not, `drain`
   * comes, once, when it is.
   */
  flushed(): boolean {
    return this.#connection.flushed()
  }

  /**
   * Writes, and ends the sending direction when everything is sent (FIN). What the peer sends still
   * arrives. Without bytes, doing it again does nothing.
   *
   * @throws with bytes, as {@link Socket.write}.
   */
  end(bytes?: string | NodeJS.ArrayBufferView, encoding?: BufferEncoding): void {
    this.#connection.end(bytes, encoding)
  }

  /** As {@link Socket.end} without bytes. @throws `ENOTCONN` before the socket is open. */
  shutdown(): void {
    this.#connection.shutdown()
  }

  /**
   * Closes when everything is sent and the peer has closed its side, too, or the time of `linger` is
   * over: a socket that is closed while the peer still sends would reset the connection, and take
   * away what the peer has not read yet. Until then what arrives is dropped, and of all events only
   * `close` comes. Doing it again does nothing.
   */
  close(): void {
    this.#connection.close()
  }

  /** Closes at once (RST): what is not sent is dropped. Of all events only `close` comes. */
  terminate(): void {
    this.#connection.terminate()
  }

  /**
   * Closes at once. What was written is with the system as far as it takes it without waiting; the
   * rest is dropped, and the time of `linger` is not waited. The peer sees FIN, or RST if something
   * that it sent was not read, as the system has it. Of all events only `close` comes.
   */
  destroy(): void {
    this.#connection.destroy()
  }

  /**
   * Takes no more data: none is delivered when this has returned. What had arrived waits here, and
   * the peer is slowed down by its system. `end` and `close` wait behind data, and only behind data.
   */
  pause(): this {
    this.#connection.pause()
    return this
  }

  /** Goes on after {@link Socket.pause}. */
  resume(): this {
    this.#connection.resume()
    return this
  }

  /** Keeps the process alive until the socket is closed, which is the default. */
  ref(): this {
    this.#connection.hold()
    return this
  }

  /** Lets the process end, if nothing else keeps it alive: what is not sent is lost then. */
  unref(): this {
    this.#connection.release()
    return this
  }

  /** Lets everything that `operation` writes, whatever its size, leave together; returns its result. */
  cork<Result>(operation: () => Result): Result {
    const { out } = this.#connection.lane
    out.corks += 1
    try {
      return operation()
    } finally {
      out.corks -= 1
    }
  }

  /**
   * Calls `timeout` each time that nothing was received or sent for so many milliseconds: 0 for
   * never, which is the default, to 2^31 - 1.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`.
   */
  setTimeout(milliseconds: number): this {
    this.#connection.setTimeout(millisecondsOf('milliseconds', milliseconds))
    return this
  }

  /** `TCP_NODELAY`: whether small writes leave at once. Does nothing for a Unix socket. */
  setNoDelay(noDelay = true): this {
    checkBoolean('noDelay', noDelay)
    this.#connection.setNoDelay(noDelay)
    return this
  }

  /**
   * `SO_KEEPALIVE`, and its times as in {@link KeepAlive}: milliseconds, 0 for the system's.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`.
   */
  setKeepAlive(keepAlive = false, delay?: number, interval?: number, count?: number): this {
    checkBoolean('keepAlive', keepAlive)
    const times = keepAliveOf(delay, interval, count)
    this.#connection.setKeepAlive(keepAlive, times.delay, times.interval, times.count)
    return this
  }

  /**
   * The options of the socket, wherever its machine runs. Each method is done when it returns, so that
   * it overtakes {@link Socket.setNoDelay} and all else that takes effect later.
   *
   * Closing waits for `linger`: if that is more than 0, all sockets of the same thread do.
   *
   * @throws of its methods: `ERR_SOCKET_CLOSED` when the socket is closed, from `close`, `terminate`,
   * `destroy` and `detach` on, and when its end is only known natively yet.
   */
  get options(): SocketOptions {
    const connection = this.#connection
    return optionsFor(connection, () => connection.target)
  }

  /**
   * The number of the descriptor, which stays the engine's: for looking at it, and not for reading,
   * writing or closing. -1 before there is one, when it is closed or given away, and on Windows.
   */
  get fd(): number {
    return this.#connection.fd
  }

  /**
   * Gives the descriptor away when everything is sent, with what was received and not delivered; on
   * Windows the `SOCKET`. No handler is called from now on.
   *
   * @throws (rejects) `ERR_SOCKET_CLOSED`, or the error of the connection, if it is closed first;
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for a named pipe of Windows.
   */
  async detach(): Promise<Detached> {
    const departure = new Departure()
    this.#connection.detach(departure)
    const detached = await departure.promise
    native.descriptorTaken(detached.fd)
    return detached
  }

  /** The peer's address, also after the close; `undefined` for a Unix socket. */
  get remoteAddress(): string | undefined {
    return textOf(this.#connection.remoteAddress)
  }

  /** The peer's port, also after the close; `undefined` for a Unix socket. */
  get remotePort(): number | undefined {
    const { remoteAddress, remotePort } = this.#connection
    return remoteAddress === undefined ? undefined : remotePort
  }

  /** The family of the peer's address, likewise. */
  get remoteFamily(): 'IPv4' | 'IPv6' | undefined {
    return familyOf(this.#connection.remoteAddress)
  }

  /** The address on this machine, also after the close; `undefined` for a Unix socket. */
  get localAddress(): string | undefined {
    return textOf(this.#connection.localAddress)
  }

  /** The port on this machine, also after the close; `undefined` for a Unix socket. */
  get localPort(): number | undefined {
    const { localAddress, localPort } = this.#connection
    return localAddress === undefined ? undefined : localPort
  }

  /** Bytes that were received, those that wait here included. */
  get bytesRead(): number {
    return this.#connection.bytesRead
  }

  /** Bytes that were written, those that are still buffered included. */
  get bytesWritten(): number {
    return this.#connection.bytesWritten
  }

  /** Bytes that were written and that the system has not taken, as far as is known here. */
  get bufferedAmount(): number {
    return this.#connection.buffered
  }

  /** As in `node:net`; `closed` from `close`, `terminate` or `destroy` on. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    return this.#connection.readyState
  }
}
