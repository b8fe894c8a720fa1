import { accepted } from './accept.ts'
import { native } from './binding.ts'
import { checkInteger, optionsOf, own } from './check.ts'
import { acceptAll } from './drain.ts'
import { check, failure } from './errors.ts'
import { onUnix } from './raw.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { handleOf, key } from './source.ts'
import {
  type UnixAddr,
  type UnixAddrInit,
  decodeUnixScratch,
  placeOf,
  unixBytesOf,
  unixScratch,
} from './unix-addr.ts'
import { UnixSocket } from './unix-socket.ts'
import { type UnixStream, unixStreamOf } from './unix-stream.ts'

/**
 * Options of {@link UnixListener.bind}.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { rmSync } from 'node:fs'
 * import { UnixListener } from 'mio-js'
 *
 * const path = `/tmp/mio-js-backlog-${process.pid}.sock`
 * UnixListener.bind(path, { backlog: 16 }).close()
 * rmSync(path)
 * ```
 */
export interface UnixListenerOptions {
  /**
   * How many connections may wait to be accepted, 0 to 2^31 - 1; the system caps it (Linux:
   * `net.core.somaxconn`). Default: as many as the system allows, because a client that finds no
   * room is refused.
   */
  readonly backlog?: number | undefined
}

/**
 * A Unix socket that listens. Readable when a connection waits to be accepted.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { rmSync } from 'node:fs'
 * import { Events, Interest, Poll, Token, UnixListener, UnixStream } from 'mio-js'
 *
 * const path = `/tmp/mio-js-example-${process.pid}.sock`
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const listener = UnixListener.bind(path)
 * poll.registry.register(listener, Token(0), Interest.READABLE)
 * const client = UnixStream.connect(path)
 *
 * await poll.pollAsync(events)
 * console.log(listener.acceptAll((stream) => stream.close())) // 1
 * for (const open of [client, listener, poll]) open.close()
 * rmSync(path) // the file is the program's
 * ```
 */
export class UnixListener extends UnixSocket {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  /**
   * Binds and listens at once. A path gets a file, which this package never removes: neither one
   * that is in the way, nor its own when it is closed.
   *
   * @throws `ERR_INVALID_ARG_VALUE`, `ENAMETOOLONG` as {@link UnixAddr.fromPathname};
   * `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`; a system error with `address`: `EADDRINUSE` for
   * whatever is there already, `ENOENT`, `ENOTDIR`, `EACCES`, `EROFS`, `EMFILE`;
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  static override bind(address: UnixAddrInit, options?: UnixListenerOptions): UnixListener {
    const at = unixBytesOf(address)
    const backlog = own(optionsOf(options), 'backlog') ?? 2 ** 31 - 1
    checkInteger('options.backlog', backlog, 0, 2 ** 31 - 1)
    const handle = native.unixListenerBind(at, backlog as number)
    // Node tells a port of -1 here, and none elsewhere.
    if (handle < 0) throw failure(handle, 'listen', { ...placeOf(at), port: -1 })
    return new UnixListener(handle, key)
  }

  /**
   * Takes ownership of a descriptor of a Unix socket that listens, and makes it non-blocking and
   * close-on-exec: nothing else may close it from now on.
   *
   * @throws `ERR_OUT_OF_RANGE`; `EBADF`, `ENOTSOCK`; `ERR_INVALID_FD_TYPE` for another kind of
   * socket; `ERR_FD_OWNED`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows. The descriptor is
   * still the caller's then.
   */
  static fromRawFd(fd: number): UnixListener {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return new UnixListener(check(onUnix(fd, native.unixListenerFromRaw), 'fd'), key)
  }

  /**
   * Takes over a listener that {@link UnixListener.share} gave away, in whichever thread.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'UnixListener'>): UnixListener {
    return new UnixListener(takeShared(shared, 'UnixListener'), key)
  }

  /** Gives the listener to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'UnixListener'> {
    return share(this, 'UnixListener')
  }

  /**
   * The next connection and its peer's address, which is unnamed unless the peer was bound, or
   * `null` when none waits. After an event, accept until `null`.
   *
   * @throws `ERR_CONNECTION_ABORTED` for a connection that died before it was accepted, with the
   * system's error as `cause`: go on with the next. `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM` when
   * there is no room: connections stay queued and no new event comes for them, so try again later.
   */
  accept(): [UnixStream, UnixAddr] | null {
    return accepted(native.unixAccept(handleOf(this), unixScratch), unixStreamOf, decodeUnixScratch)
  }

  /**
   * Accepts until nobody waits, and returns how many connections `onConnection` got. As
   * {@link TcpListener.acceptAll}.
   */
  acceptAll(onConnection: (stream: UnixStream, address: UnixAddr) => unknown): number {
    return acceptAll(this, onConnection)
  }
}
