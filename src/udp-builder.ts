import { native } from './binding.ts'
import { type BuilderFamily, Protocol, SocketBuilder, builderKey } from './builder.ts'
import { type SocketAddrInit, addressOf } from './socket-addr.ts'
import type { UdpSocket } from './udp-socket.ts'

/**
 * A UDP socket that is going to be bound: {@link UdpSocket.builder}.
 *
 * @example
 * ```ts
 * import { UdpSocket } from 'mio-js'
 *
 * const builder = UdpSocket.builder('IPv4')
 * builder.options.setReuseAddress(true)
 * const socket = builder.bind('127.0.0.1:0')
 * console.log(socket.localAddr().family) // IPv4
 * socket.close()
 * ```
 */
export class UdpSocketBuilder extends SocketBuilder {
  readonly #make: (handle: number) => UdpSocket

  /** @internal */
  constructor(of: BuilderFamily, make: (handle: number) => UdpSocket, secret: symbol) {
    super(Protocol.UDP, of, secret)
    this.#make = make
  }

  /**
   * Binds the socket, which is all that it needs. Port 0 lets the system choose.
   *
   * @throws `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`; a system error with `address` and `port`: `EADDRINUSE`, `EACCES`,
   * `EADDRNOTAVAIL`; `ERR_BUILDER_CLOSED`.
   */
  bind(address: SocketAddrInit | string): UdpSocket {
    const at = addressOf(address)
    const bind = (handle: number): number =>
      native.builderBindUdp(handle, at.address, at.port, at.flowinfo, at.scopeId)
    return this.#make(this.finish('bind', bind, at))
  }
}

export function udpBuilder(
  of: BuilderFamily,
  make: (handle: number) => UdpSocket,
): UdpSocketBuilder {
  return new UdpSocketBuilder(of, make, builderKey)
}
