import { isIP } from 'node:net'
import { native } from './binding.ts'
import { track, untrack } from './collected.ts'
import { builderClosed, check, failure, illegalConstructor, invalidAddress } from './errors.ts'
import { liveStore } from './option-store.ts'
import {
  type SocketAddr,
  type SocketAddrInit,
  addressOf,
  decodeScratch,
  scratch,
} from './socket-addr.ts'
import { type SocketOptions, socketOptionsOf } from './socket-options.ts'

/**
 * The family of a socket, or an address of that family.
 *
 * @example
 * ```ts
 * import { type BuilderFamily, SocketAddr, TcpStream } from 'mio-js'
 *
 * const of: BuilderFamily[] = ['IPv4', '127.0.0.1:7000', new SocketAddr('127.0.0.1:7000')]
 * for (const family of of) TcpStream.builder(family).close()
 * ```
 */
export type BuilderFamily = 'IPv4' | 'IPv6' | SocketAddrInit | string

/** For the factories alone. */
export const builderKey: unique symbol = Symbol('SocketBuilder')

export const Protocol = Object.freeze({ TCP: 0, UDP: 1 } as const)

/** The handle of a builder that is closed, or has made its socket. */
const closed = -1

/**
 * A socket that is nothing yet, so that its options can be set before it is bound, listens, or
 * connects. It is non-blocking and close-on-exec; no option is set, `SO_REUSEADDR` neither.
 *
 * A builder makes one socket, which is the same descriptor, and is over then. What fails leaves it as
 * it was, except that some systems allow no second connect.
 *
 * @example
 * ```ts
 * import { UdpSocket } from 'mio-js'
 *
 * const builder = UdpSocket.builder('IPv4')
 * builder.options.setReuseAddress(true) // before bind
 * const socket = builder.bind('127.0.0.1:0') // and the builder is used up
 * console.log(socket.localAddr().port > 0) // true
 * socket.close()
 * ```
 */
export abstract class SocketBuilder implements Disposable {
  #handle: number
  #options: SocketOptions | undefined

  /** @internal */
  constructor(protocol: number, of: BuilderFamily, secret: symbol) {
    if (secret !== builderKey) throw illegalConstructor()
    this.#handle = check(native.builderOpen(protocol, familyOf(of)), 'socket')
    track(this, new.target.name, this.#handle, native.sourceClose)
  }

  /** The options of the socket. */
  get options(): SocketOptions {
    return (this.#options ??= socketOptionsOf(liveStore(() => this.#open())))
  }

  /** The address that the socket is bound to; all zeros before. @throws a system error. */
  localAddr(): SocketAddr {
    check(native.localAddr(this.#open(), scratch), 'getsockname')
    return decodeScratch()
  }

  #open(): number {
    if (this.#handle === closed) throw builderClosed()
    return this.#handle
  }

  /** @internal Binds, and stays a builder. */
  protected bindTo(address: SocketAddrInit | string): void {
    const at = addressOf(address)
    const code = native.builderBind(this.#open(), at.address, at.port, at.flowinfo, at.scopeId)
    if (code < 0) throw failure(code, 'bind', at)
  }

  /** @internal Makes the socket: `operation` returns its handle. */
  protected finish(
    syscall: string,
    operation: (handle: number) => number,
    place?: { readonly address: string; readonly port: number },
  ): number {
    const handle = operation(this.#open())
    if (handle < 0) throw failure(handle, syscall, place)
    this.#over()
    return handle
  }

  #over(): void {
    this.#handle = closed
    untrack(this)
  }

  /** Closes the socket, if it is still the builder's. Closing again does nothing. */
  close(): void {
    if (this.#handle === closed) return
    check(native.sourceClose(this.#handle), 'close')
    this.#over()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function familyOf(of: BuilderFamily): number {
  if (of === 'IPv4') return 4
  if (of === 'IPv6') return 6
  const family = isIP(addressOf(of).address)
  if (family === 0) throw invalidAddress(of)
  return family
}
