import { native } from './binding.ts'
import type { BuilderFamily } from './builder.ts'
import { checkBoolean, checkInteger, own } from './check.ts'
import { readAll } from './drain.ts'
import { check, failure } from './errors.ts'
import { IpSocket } from './ip-socket.ts'
import { Kind } from './kind.ts'
import { onUnix, onWindows } from './raw.ts'
import { type Shutdown, shutdown } from './shutdown.ts'
import {
  type SocketAddr,
  type SocketAddrInit,
  addressOf,
  decodeScratch,
  scratch,
} from './socket-addr.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { handleOf, key } from './source.ts'
import { type TcpStreamBuilder, streamBuilder } from './tcp-builder.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { peek, read, readVectored, write, writeVectored } = native

/**
 * A stream on its way; `remote` is whom it connects to, for the error of a connect that fails.
 *
 * @example
 * ```ts
 * import { type SharedTcpStream, TcpListener, TcpStream } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const { port } = listener.localAddr()
 * const shared: SharedTcpStream = TcpStream.connect({ address: '127.0.0.1', port }).share()
 * console.log(shared.kind, shared.remote?.port === port) // TcpStream true
 * TcpStream.from(shared).close()
 * listener.close()
 * ```
 */
export interface SharedTcpStream extends SharedSource<'TcpStream'> {
  /** Whom it connects to, if it began to connect here. */
  readonly remote?: SocketAddrInit | undefined
}

/** The stream of a handle that is new. */
export let streamOf: (handle: number) => TcpStream

/**
 * A TCP connection, or one that is being made.
 *
 * Operations never block: `null` means not now, and that the next event tells when. Buffers are
 * any `Buffer`, `TypedArray` or `DataView` that is not backed by a `SharedArrayBuffer`; offsets and
 * lengths are in bytes. Nothing keeps a buffer after the call.
 *
 * Closing a stream with bytes that were not read makes the system reset the connection.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const stream = TcpStream.connect(listener.localAddr())
 * poll.registry.register(stream, Token(0), Interest.READABLE.add(Interest.WRITABLE))
 * while (!stream.finishConnect()) await poll.pollAsync(events)
 *
 * const [peer] = listener.accept() ?? []
 * console.log(peer?.write(Buffer.from('hello'))) // 5
 * const buffer = Buffer.alloc(1024)
 * let count = stream.read(buffer)
 * while (count === null) {
 *   await poll.pollAsync(events)
 *   count = stream.read(buffer)
 * }
 * console.log(buffer.toString('utf8', 0, count)) // hello
 * console.log(stream.read(buffer)) // null
 *
 * peer?.close()
 * for (const open of [stream, listener, poll]) open.close()
 * ```
 */
export class TcpStream extends IpSocket {
  /** The peer that was asked for, for errors of the connect. */
  #remote: SocketAddrInit | undefined

  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  static {
    streamOf = (handle) => new TcpStream(handle, key)
  }

  /**
   * Starts to connect and returns at once. Then register for `WRITABLE`, wait for an event, and
   * call {@link TcpStream.finishConnect} until it is true.
   *
   * @throws `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`; a system error with `address` and `port`, where it shows at once:
   * `ENETUNREACH`, `EADDRNOTAVAIL`, `EINVAL`, sometimes `ECONNREFUSED`; `EMFILE`.
   */
  static connect(address: SocketAddrInit | string): TcpStream {
    const to = addressOf(address)
    const handle = native.streamConnect(to.address, to.port, to.flowinfo, to.scopeId)
    if (handle < 0) throw failure(handle, 'connect', to)
    const stream = streamOf(handle)
    stream.#remote = to
    return stream
  }

  /**
   * A socket whose options can be set before it connects, and that can be bound before. `of` is its
   * family, or an address of it.
   *
   * @throws `ERR_INVALID_ADDRESS`, …; `EAFNOSUPPORT`, `EMFILE`.
   */
  static builder(of: BuilderFamily): TcpStreamBuilder {
    return streamBuilder(of, (handle, remote) => {
      const stream = streamOf(handle)
      stream.#remote = remote
      return stream
    })
  }

  /**
   * Takes ownership of a descriptor of a TCP socket that does not listen, and makes it non-blocking
   * and close-on-exec: nothing else may close it from now on.
   *
   * @throws as {@link TcpListener.fromRawFd}.
   */
  static fromRawFd(fd: number): TcpStream {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return streamOf(check(onUnix(fd, native.streamFromRaw), 'fd'))
  }

  /** As {@link TcpStream.fromRawFd}, for Windows alone: a `SOCKET`. */
  static fromRawSocket(socket: number): TcpStream {
    checkInteger('socket', socket, 0, 2 ** 32 - 1)
    return streamOf(check(onWindows(socket, native.streamFromRaw), 'socket'))
  }

  /**
   * Takes over a stream that {@link TcpStream.share} gave away, wherever it stood: with bytes that
   * were not read, half closed, or still connecting.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedTcpStream): TcpStream {
    const remote = remoteOf(shared)
    const stream = streamOf(takeShared(shared, 'TcpStream'))
    stream.#remote = remote
    return stream
  }

  /**
   * Gives the stream to another thread, which takes it by {@link TcpStream.from} and goes on where
   * this one stopped. It is deregistered, and closed here: see {@link SharedSource} for who owns it
   * meanwhile.
   *
   * @throws `ERR_SOURCE_CLOSED`.
   */
  share(): SharedTcpStream {
    const remote = this.#remote
    const shared = share(this, 'TcpStream')
    return remote === undefined ? shared : Object.freeze({ ...shared, remote: { ...remote } })
  }

  /**
   * Whether the connect is over: true when the stream is connected, false when not yet. Does steps
   * 4 and 5 of mio's connect handshake, {@link TcpStream.takeError} and {@link TcpStream.peerAddr}.
   *
   * @throws the reason why connecting failed (`ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, …) with
   * `address` and `port`, each time that it is asked. A stream that has met itself, as the system may
   * choose the very port that it connects to, was refused as well.
   */
  finishConnect(): boolean {
    const outcome = native.finishConnect(handleOf(this))
    if (outcome < 0) throw failure(outcome, 'connect', #remote in this ? this.#remote : undefined)
    return outcome === 1
  }

  /**
   * Reads into `buffer` and returns the number of bytes: 0 at the end of the stream, `null` when
   * nothing is there. A buffer without room reads 0 bytes as well, and so does a view that its
   * resizable memory has shrunk away from.
   *
   * @throws `ECONNRESET`, `ENOTCONN`, …; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`,
   * `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  read(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(read, handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'read')
  }

  /**
   * Reads into `buffer` until nothing more is there, as an event wants it: after each read,
   * `onBytes(count)` finds the bytes at the beginning of `buffer`, which the next read overwrites.
   *
   * Returns `true` at the end of the stream; `null` when an event tells of more; `false` when
   * `onBytes` returned `false` or closed the stream: no event is owed then for what is left, so go
   * on yourself later. What `onBytes` throws passes through, and counts as `false`. A peer that
   * sends faster than `onBytes` works keeps this from returning: count, and stop at a budget.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for a buffer without room; as {@link TcpStream.read}.
   */
  readAll(buffer: NodeJS.ArrayBufferView, onBytes: (count: number) => unknown): boolean | null {
    return readAll(this, buffer, onBytes)
  }

  /** As {@link TcpStream.read}, and leaves the bytes to be read again. */
  peek(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(peek, handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'recv')
  }

  /**
   * Writes from `bytes` and returns how many the system took, which may be fewer than there are;
   * `null` when it takes none.
   *
   * @throws `EPIPE`, `ECONNRESET`, `ENOTCONN`, …; as {@link TcpStream.read}.
   */
  write(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(write, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'write')
  }

  /**
   * Reads into several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for buffers that overlap; as {@link TcpStream.read}.
   */
  readVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = readVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'readv')
  }

  /**
   * Writes from several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws as {@link TcpStream.write}.
   */
  writeVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = writeVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'writev')
  }

  /** Does nothing, as a socket keeps nothing back: it is here because mio has it. */
  flush(): void {
    check(native.flush(handleOf(this)), 'flush')
  }

  /** @throws `ENOTCONN`; `ERR_INVALID_ARG_VALUE` for what is no {@link Shutdown}. */
  shutdown(how: Shutdown): void {
    shutdown(this, how)
  }

  /** The peer's address. @throws `ENOTCONN` before the stream is connected. */
  peerAddr(): SocketAddr {
    check(native.peerAddr(handleOf(this), scratch), 'getpeername')
    return decodeScratch()
  }

  /** `TCP_NODELAY`: whether small writes leave at once. Windows: only once connected. */
  nodelay(): boolean {
    return check(native.nodelay(handleOf(this)), 'getsockopt') !== 0
  }

  /** Sets {@link TcpStream.nodelay}. */
  setNodelay(nodelay: boolean): void {
    checkBoolean('nodelay', nodelay)
    check(native.setNodelay(handleOf(this), nodelay ? 1 : 0), 'setsockopt')
  }

  /**
   * Runs an operation on the bare descriptor that this class does not have, and returns its result.
   * When it returns `null`, for would-block, the next event is asked for where the system needs it
   * (Windows).
   *
   * @throws `ERR_SOURCE_CLOSED`, without running it; what it throws.
   */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.TcpStream, operation)
  }
}

function remoteOf(shared: unknown): SocketAddrInit | undefined {
  if (typeof shared !== 'object' || shared === null) return undefined
  const remote = own(shared, 'remote')
  return remote === undefined ? undefined : addressOf(remote as SocketAddrInit)
}
