import { accepted } from './accept.ts'
import { native } from './binding.ts'
import type { BuilderFamily } from './builder.ts'
import { checkBoolean, checkInteger, optionsOf, own } from './check.ts'
import { acceptAll } from './drain.ts'
import { check, failure } from './errors.ts'
import { IpSocket } from './ip-socket.ts'
import { onUnix, onWindows } from './raw.ts'
import {
  type SocketAddr,
  type SocketAddrInit,
  addressOf,
  decodeScratch,
  scratch,
} from './socket-addr.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { handleOf, key } from './source.ts'
import { type TcpListenerBuilder, listenerBuilder } from './tcp-builder.ts'
import { type TcpStream, streamOf } from './tcp-stream.ts'

/**
 * Options of {@link TcpListener.bind}.
 *
 * @example
 * ```ts
 * import { TcpListener } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0', { backlog: 1024 })
 * listener.close()
 * ```
 */
export interface TcpListenerOptions {
  /**
   * How many connections may wait to be accepted, 0 to 2^31 - 1; the system caps it (Linux:
   * `net.core.somaxconn`). Default: 1024.
   */
  readonly backlog?: number | undefined
  /**
   * `SO_REUSEPORT`: whether listeners that ask for it as well may have the same port, in this or
   * another thread or process of the same user. Default: false.
   *
   * Linux and FreeBSD (where it is `SO_REUSEPORT_LB`) spread connections over them, by a hash of the
   * addresses; other systems give all to one. A listener that is closed takes those with it that
   * wait in its queue: they are reset.
   */
  readonly reusePort?: boolean | undefined
}

/**
 * A TCP socket that listens. Readable when a connection waits to be accepted.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const listener = TcpListener.bind({ address: '127.0.0.1', port: 0 })
 * poll.registry.register(listener, Token(0), Interest.READABLE)
 * const client = TcpStream.connect(listener.localAddr())
 *
 * console.log(await poll.pollAsync(events)) // 1
 * const count = listener.acceptAll((stream, address) => {
 *   console.log(address.family) // IPv4
 *   stream.close()
 * })
 * console.log(count, listener.accept()) // 1 null
 *
 * for (const open of [client, listener, poll]) open.close()
 * ```
 */
export class TcpListener extends IpSocket {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  /**
   * Binds and listens at once. Port 0 lets the system choose: see {@link IpSocket.localAddr}.
   *
   * `SO_REUSEADDR` is set except on Windows, where it would let any process take the port away.
   * Whether `[::]` also takes IPv4 is the system's default (Linux: yes, Windows: no).
   *
   * @throws `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`; a system error with `address` and `port`: `EADDRINUSE`, `EACCES`,
   * `EADDRNOTAVAIL`, `EAFNOSUPPORT`, `EMFILE`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for `reusePort`
   * on Windows.
   */
  static override bind(
    address: SocketAddrInit | string,
    options?: TcpListenerOptions,
  ): TcpListener {
    const at = addressOf(address)
    const given = optionsOf(options)
    const backlog = own(given, 'backlog') ?? 1024
    checkInteger('options.backlog', backlog, 0, 2 ** 31 - 1)
    const reusePort = own(given, 'reusePort') ?? false
    checkBoolean('options.reusePort', reusePort)
    const handle = native.listenerBind(
      at.address,
      at.port,
      at.flowinfo,
      at.scopeId,
      backlog as number,
      reusePort === true ? 1 : 0,
    )
    if (handle < 0) throw failure(handle, 'listen', at)
    return new TcpListener(handle, key)
  }

  /**
   * A socket whose options can be set before it is bound and listens. `of` is its family, or an
   * address of it. Unlike with {@link TcpListener.bind}, `SO_REUSEADDR` is not set.
   *
   * @throws `ERR_INVALID_ADDRESS`, …; `EAFNOSUPPORT`, `EMFILE`.
   */
  static builder(of: BuilderFamily): TcpListenerBuilder {
    return listenerBuilder(of, (handle) => new TcpListener(handle, key))
  }

  /**
   * Takes ownership of a descriptor of a TCP socket that listens, and makes it non-blocking and
   * close-on-exec: nothing else may close it from now on.
   *
   * @throws `ERR_OUT_OF_RANGE`; `EBADF`, `ENOTSOCK`; `ERR_INVALID_FD_TYPE` for another kind of
   * socket; `ERR_FD_OWNED`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows. The descriptor is
   * still the caller's then.
   */
  static fromRawFd(fd: number): TcpListener {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return new TcpListener(check(onUnix(fd, native.listenerFromRaw), 'fd'), key)
  }

  /** As {@link TcpListener.fromRawFd}, for Windows alone: a `SOCKET`. */
  static fromRawSocket(socket: number): TcpListener {
    checkInteger('socket', socket, 0, 2 ** 32 - 1)
    return new TcpListener(check(onWindows(socket, native.listenerFromRaw), 'socket'), key)
  }

  /**
   * Takes over a listener that {@link TcpListener.share} gave away, with all who wait in its queue.
   *
   * @throws `ERR_SHARED_SOURCE_GONE` for one that was taken already, or closed with the thread that
   * shared it; `ERR_INVALID_ARG_VALUE` for another kind, which can still be taken;
   * `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE` for what is no shared source.
   */
  static from(shared: SharedSource<'TcpListener'>): TcpListener {
    return new TcpListener(takeShared(shared, 'TcpListener'), key)
  }

  /**
   * Gives the listener to another thread, which takes it by {@link TcpListener.from}. It is
   * deregistered, and closed here: see {@link SharedSource} for who owns it meanwhile.
   *
   * @throws `ERR_SOURCE_CLOSED`.
   */
  share(): SharedSource<'TcpListener'> {
    return share(this, 'TcpListener')
  }

  /**
   * The next connection and its peer's address, or `null` when none waits. After an event, accept
   * until `null`.
   *
   * @throws `ERR_CONNECTION_ABORTED` for a connection that died before it was accepted, with the
   * system's error as `cause`: go on with the next. `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM` when
   * there is no room: connections stay queued and no new event comes for them, so try again later.
   */
  accept(): [TcpStream, SocketAddr] | null {
    return accepted(native.accept(handleOf(this), scratch), streamOf, decodeScratch)
  }

  /**
   * Accepts until nobody waits, as an event wants it, and returns how many connections
   * `onConnection` got. Those that died in the queue are skipped.
   *
   * `onConnection` owns the stream, also when it throws: that passes through. It may close the
   * listener, which ends this quietly, and return `false` to stop: no event is owed then for those
   * that wait, so go on yourself later.
   *
   * @throws `EMFILE` and others as {@link TcpListener.accept}, after `onConnection` got all that came
   * before; `ERR_CONNECTION_ABORTED` for the 64th in a row, which may mean that a filter of system
   * calls refuses `accept`; `ERR_INVALID_ARG_TYPE`.
   */
  acceptAll(onConnection: (stream: TcpStream, address: SocketAddr) => unknown): number {
    return acceptAll(this, onConnection)
  }
}
