import { native } from './binding.ts'
import { type BuilderFamily, Protocol, SocketBuilder, builderKey } from './builder.ts'
import { checkInteger } from './check.ts'
import { type SocketAddrInit, addressOf } from './socket-addr.ts'
import type { TcpListener } from './tcp-listener.ts'
import type { TcpStream } from './tcp-stream.ts'

/**
 * A TCP socket that is going to listen: {@link TcpListener.builder}.
 *
 * @example
 * ```ts
 * import { TcpListener } from 'mio-js'
 *
 * const builder = TcpListener.builder('IPv4')
 * builder.options.setRecvBufferSize(65_536) // before listen, so that accepted streams have it
 * const listener = builder.bind('127.0.0.1:0').listen(128)
 * console.log(listener.accept()) // null
 * listener.close()
 * ```
 */
export class TcpListenerBuilder extends SocketBuilder {
  readonly #make: (handle: number) => TcpListener

  /** @internal */
  constructor(of: BuilderFamily, make: (handle: number) => TcpListener, secret: symbol) {
    super(Protocol.TCP, of, secret)
    this.#make = make
  }

  /**
   * Binds the socket. Port 0 lets the system choose: see {@link SocketBuilder.localAddr}.
   *
   * @throws as {@link TcpListener.bind}, with `EINVAL` if it is bound already; `ERR_BUILDER_CLOSED`.
   */
  bind(address: SocketAddrInit | string): this {
    this.bindTo(address)
    return this
  }

  /**
   * Listens. `backlog`: how many connections may wait to be accepted, 0 to 2^31 - 1; the system caps
   * it. A socket that is not bound gets a port of the system's choice (on Windows `EINVAL`).
   *
   * @throws `EADDRINUSE`; `ERR_BUILDER_CLOSED`; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`.
   */
  listen(backlog = 1024): TcpListener {
    checkInteger('backlog', backlog, 0, 2 ** 31 - 1)
    return this.#make(this.finish('listen', (handle) => native.builderListen(handle, backlog)))
  }
}

/**
 * A TCP socket that is going to connect: {@link TcpStream.builder}.
 *
 * @example
 * ```ts
 * import { TcpListener, TcpStream } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const builder = TcpStream.builder('IPv4')
 * builder.options.setNodelay(true)
 * const stream = builder.bind('127.0.0.1:0').connect(listener.localAddr())
 * console.log(stream.options.nodelay()) // true
 * stream.close()
 * listener.close()
 * ```
 */
export class TcpStreamBuilder extends SocketBuilder {
  readonly #make: (handle: number, remote: SocketAddrInit) => TcpStream

  /** @internal */
  constructor(
    of: BuilderFamily,
    make: (handle: number, remote: SocketAddrInit) => TcpStream,
    secret: symbol,
  ) {
    super(Protocol.TCP, of, secret)
    this.#make = make
  }

  /**
   * Binds the socket to an address of this machine to connect from; port 0 for any.
   *
   * @throws as {@link TcpListenerBuilder.bind}.
   */
  bind(address: SocketAddrInit | string): this {
    this.bindTo(address)
    return this
  }

  /**
   * Starts to connect and returns at once, as {@link TcpStream.connect}.
   *
   * @throws as that; `EAFNOSUPPORT`, `EINVAL` or others for an address of the other family;
   * `ERR_BUILDER_CLOSED`.
   */
  connect(address: SocketAddrInit | string): TcpStream {
    const to = addressOf(address)
    const connect = (handle: number): number =>
      native.builderConnect(handle, to.address, to.port, to.flowinfo, to.scopeId)
    return this.#make(this.finish('connect', connect, to), to)
  }
}

export function listenerBuilder(
  of: BuilderFamily,
  make: (handle: number) => TcpListener,
): TcpListenerBuilder {
  return new TcpListenerBuilder(of, make, builderKey)
}

export function streamBuilder(
  of: BuilderFamily,
  make: (handle: number, remote: SocketAddrInit) => TcpStream,
): TcpStreamBuilder {
  return new TcpStreamBuilder(of, make, builderKey)
}
