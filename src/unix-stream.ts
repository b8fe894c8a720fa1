import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { readAll } from './drain.ts'
import { type Place, check, failure } from './errors.ts'
import { handlePair } from './handle-pair.ts'
import { Kind } from './kind.ts'
import { onUnix } from './raw.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { type Shutdown, shutdown } from './shutdown.ts'
import { handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'
import {
  type UnixAddr,
  type UnixAddrInit,
  decodeUnixScratch,
  placeOf,
  unixBytesOf,
  unixScratch,
} from './unix-addr.ts'
import { UnixSocket } from './unix-socket.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { read, readVectored, write, writeVectored } = native

/** The stream of a handle that is new. */
export let unixStreamOf: (handle: number) => UnixStream

/**
 * A connection of Unix sockets.
 *
 * Operations never block: `null` means not now, and that the next event tells when. Buffers are
 * any `Buffer`, `TypedArray` or `DataView` that is not backed by a `SharedArrayBuffer`; offsets and
 * lengths are in bytes. Nothing keeps a buffer after the call.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { UnixStream } from 'mio-js'
 *
 * const [a, b] = UnixStream.pair()
 * console.log(a.write(Buffer.from('hello'))) // 5
 * const buffer = Buffer.alloc(64)
 * const outcome = b.readAll(buffer, (count) => {
 *   console.log(buffer.toString('utf8', 0, count)) // hello
 * })
 * console.log(outcome) // null
 * a.close()
 * b.close()
 * ```
 */
export class UnixStream extends UnixSocket {
  /** The peer that was asked for, for errors of the connect. */
  #remote: Place | undefined

  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  static {
    unixStreamOf = (handle) => new UnixStream(handle, key)
  }

  /**
   * Connects at once, without waiting: a Unix socket is connected when this returns, on every
   * system that is known. {@link UnixStream.finishConnect} is there for those that are not.
   *
   * @throws `ERR_INVALID_ARG_VALUE`, `ENAMETOOLONG` as {@link UnixAddr.fromPathname};
   * `ERR_INVALID_ARG_TYPE`; a system error with `address`: `ECONNREFUSED` when nobody listens,
   * `ENOENT`, `EACCES`, `EPROTOTYPE`, `EMFILE`. `EAGAIN` when the listener's queue is full
   * (elsewhere than on Linux `ECONNREFUSED`): there is no stream then that could tell when to go on,
   * so connect again later. `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  static connect(address: UnixAddrInit): UnixStream {
    const to = unixBytesOf(address)
    const handle = native.unixConnect(to)
    if (handle < 0) throw failure(handle, 'connect', placeOf(to))
    const stream = unixStreamOf(handle)
    stream.#remote = placeOf(to)
    return stream
  }

  /**
   * Two streams that are connected to each other, both without a name.
   *
   * @throws `EMFILE`, `ENFILE`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  static pair(): [UnixStream, UnixStream] {
    return handlePair(native.unixPair, 'socketpair', unixStreamOf, unixStreamOf)
  }

  /**
   * Takes ownership of a descriptor of a Unix stream socket that does not listen, and makes it
   * non-blocking and close-on-exec: nothing else may close it from now on.
   *
   * @throws as {@link UnixListener.fromRawFd}.
   */
  static fromRawFd(fd: number): UnixStream {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return unixStreamOf(check(onUnix(fd, native.unixStreamFromRaw), 'fd'))
  }

  /**
   * Takes over a stream that {@link UnixStream.share} gave away, in whichever thread.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'UnixStream'>): UnixStream {
    return unixStreamOf(takeShared(shared, 'UnixStream'))
  }

  /** Gives the stream to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'UnixStream'> {
    return share(this, 'UnixStream')
  }

  /**
   * Whether the connect is over, as {@link TcpStream.finishConnect}: true from the start where
   * connecting does not take time.
   *
   * @throws the reason why connecting failed, with `address`, each time that it is asked.
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
   * @throws `ECONNRESET` (the peer closed with bytes that it had not read), `EINVAL` or `ENOTCONN`
   * for a socket that never was connected; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`,
   * `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  read(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(read, handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'read')
  }

  /**
   * Reads into `buffer` until nothing more is there: `true` at the end, `null` when an event tells
   * of more, `false` when `onBytes` stopped it. As {@link TcpStream.readAll}.
   */
  readAll(buffer: NodeJS.ArrayBufferView, onBytes: (count: number) => unknown): boolean | null {
    return readAll(this, buffer, onBytes)
  }

  /**
   * Writes from `bytes` and returns how many the system took, which may be fewer than there are;
   * `null` when it takes none.
   *
   * @throws `EPIPE`, `ECONNRESET`, `ENOTCONN`, …; as {@link UnixStream.read}. Never raises SIGPIPE.
   */
  write(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(write, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'write')
  }

  /**
   * Reads into several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for buffers that overlap; as {@link UnixStream.read}.
   */
  readVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = readVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'readv')
  }

  /**
   * Writes from several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws as {@link UnixStream.write}.
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

  /** The peer's address, unnamed if it is not bound. @throws `ENOTCONN`. */
  peerAddr(): UnixAddr {
    check(native.unixPeerAddr(handleOf(this), unixScratch), 'getpeername')
    return decodeUnixScratch()
  }

  /**
   * Runs an operation on the bare descriptor that this class does not have, and returns its result,
   * `null` for would-block.
   *
   * @throws `ERR_SOURCE_CLOSED`, without running it; what it throws.
   */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.UnixStream, operation)
  }
}
