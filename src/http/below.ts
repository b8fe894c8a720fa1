/**
 * Core's TLS and HTTP/2 put a handle of JavaScript over a stream that is no socket of core's. They
 * ask that handle for addresses, or tell it to let the process end, if only it has the functions:
 * here they are, by the socket of ours below.
 */
import type { Http2Session } from 'node:http2'
import type { Server } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Socket } from '../net/index.ts'

interface Address {
  address?: string | undefined
  port?: number | undefined
  family?: string | undefined
}

/** What core's TLS socket asks of the handle below. Each returns 0, as there is no error. */
interface Below {
  getpeername(out: Address): number
  getsockname(out: Address): number
  setNoDelay(on: boolean): number
  setKeepAlive(on: boolean, seconds: number, interval?: number, count?: number): number
  ref(): void
  unref(): void
}

/** Core's wrapper of a stream. */
interface Wrap {
  readonly stream?: unknown
  readonly _handle: Below | null
}

function lend(wrap: Wrap | null | undefined): void {
  const socket = wrap?.stream
  const below = wrap?._handle
  if (below === null || below === undefined || !isOurs(socket)) return
  Object.assign(below, {
    getpeername(out) {
      const { remoteAddress: address, remotePort: port, remoteFamily: family } = socket
      return tell(out, { address, port, family })
    },
    getsockname(out) {
      const { localAddress: address, localPort: port, localFamily: family } = socket
      return tell(out, { address, port, family })
    },
    setNoDelay(on) {
      socket.setNoDelay(on)
      return 0
    },
    setKeepAlive(on, seconds, interval, count) {
      const every = interval === undefined ? undefined : interval * 1_000
      Reflect.apply(socket.setKeepAlive, socket, [on, seconds * 1_000, every, count])
      return 0
    },
    ref() {
      socket.ref()
    },
    unref() {
      socket.unref()
    },
  } satisfies Below)
}

function tell(out: Address, address: Address): number {
  Object.assign(out, address)
  return 0
}

/** Not one of core's, which are instances of our class as well. */
export function isOurs(value: unknown): value is Socket {
  return Object.prototype.isPrototypeOf.call(Socket.prototype, value as object)
}

/** A TLS socket over one of ours. */
export function linkSecure(secure: TLSSocket): void {
  const { _handle: handle } = secure as unknown as { _handle: { _parentWrap?: Wrap } | null }
  lend(handle?._parentWrap)
}

/** A session of HTTP/2 without TLS over a socket of ours. */
export function linkSession({ socket }: Http2Session): void {
  const wrap = socket as unknown as Wrap
  lend(wrap)
  // Core has asked for it before, when nothing below could hear it. Frames that wait for the peer's
  // acknowledgements, which are delayed, make 40 ms of every window.
  if (isOurs(wrap.stream)) wrap.stream.setNoDelay(true)
}

const linked = new WeakSet<Server>()

/** Links whatever a server has, before the program sees it. */
export function linkServer(server: Server): void {
  if (linked.has(server)) return
  linked.add(server)
  server.prependListener('secureConnection', linkSecure)
  server.prependListener('tlsClientError', (_error: Error, secure: TLSSocket) => {
    linkSecure(secure)
  })
  server.prependListener('session', (session: Http2Session) => {
    if (session.encrypted !== true) linkSession(session)
  })
}
