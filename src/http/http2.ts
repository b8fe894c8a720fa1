/** The names of `node:http2`. Those that open connections do it by `mio-js/net`. */
import core from 'node:http2'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { type Socket, connect as connectNet } from '../net/index.ts'
import { adopt, type OwnOptions } from './serve.ts'
import { connectSecure } from './tls-connect.ts'
import { linkServer, linkSession } from './below.ts'

export * from 'node:http2'

/**
 * Options of core's servers, and {@link OwnOptions}.
 *
 * @example
 * ```ts
 * import { http2 } from 'mio-js/http'
 *
 * const options: http2.ServerOptions = { settings: { maxConcurrentStreams: 100 } }
 * console.log(http2.createServer(options).listening) // false
 * ```
 */
export interface ServerOptions extends core.ServerOptions, OwnOptions {}

/**
 * Options of core's servers, and {@link OwnOptions}.
 *
 * @example
 * ```ts
 * import { http2 } from 'mio-js/http'
 *
 * const options: http2.SecureServerOptions = { allowHTTP1: true, minVersion: 'TLSv1.3' }
 * console.log(http2.createSecureServer(options).listening) // false
 * ```
 */
export interface SecureServerOptions extends core.SecureServerOptions, OwnOptions {}

/** @inline */
type Handler = (request: core.Http2ServerRequest, response: core.Http2ServerResponse) => void
type Options = Record<string, unknown>

/** @inline */
interface MakeServer {
  (onRequest?: Handler): core.Http2Server
  (options: ServerOptions, onRequest?: Handler): core.Http2Server
}

/** @inline */
interface MakeSecureServer {
  (onRequest?: Handler): core.Http2SecureServer
  (options: SecureServerOptions, onRequest?: Handler): core.Http2SecureServer
}

/**
 * As `http2.createServer` of core, with a server that listens by the engine.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { http2 } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = http2.createServer((request, response) =>
 *   response.end(`hello from ${request.url}`),
 * )
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
 * console.log(await text(session.request({ ':path': '/page' }))) // hello from /page
 * session.close()
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const createServer: MakeServer = (...args: unknown[]) => {
  const server = Reflect.apply(core.createServer, core, args) as core.Http2Server
  linkServer(server)
  return adopt(server, args[0])
}

/**
 * As `http2.createSecureServer` of core, with a server that listens by the engine.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { http2 } from 'mio-js/http'
 *
 * export function serve(certFile: string, keyFile: string) {
 *   const options = { cert: readFileSync(certFile), key: readFileSync(keyFile), allowHTTP1: true }
 *   return http2.createSecureServer(options, (_request, response) => response.end('hello'))
 * }
 * ```
 */
export const createSecureServer: MakeSecureServer = (...args: unknown[]) => {
  const server = Reflect.apply(core.createSecureServer, core, args) as core.Http2SecureServer
  linkServer(server)
  return adopt(server, args[0])
}

/**
 * As `http2.connect` of core, over a socket of `mio-js/net`.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { http2 } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = http2.createServer().listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
 * await once(session, 'connect')
 * console.log(session.closed) // false
 * session.close()
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const connect: typeof core.connect = (authority: string | URL, ...rest: unknown[]) => {
  const [first, second] = rest
  const given = typeof first === 'object' && first !== null ? (first as Options) : {}
  const listener = typeof first === 'function' ? first : second
  const connectBy = (createConnection: unknown): core.ClientHttp2Session => {
    const options = { ...given, createConnection }
    return Reflect.apply(core.connect, core, [authority, options, listener])
  }
  const protocol = protocolOf(authority, given)
  if (given['createConnection'] !== undefined || protocol === undefined) {
    return connectBy(given['createConnection'])
  }
  if (protocol === 'https:') return connectBy(openSecure)
  let socket: Socket | undefined
  const session = connectBy((url: URL, options: Options) => {
    socket = openPlain(url, options)
    return socket
  })
  linkSession(session)
  if (socket !== undefined) waitFor(socket, session)
  return session
}

/** What is to be spoken; undefined for what core throws for. */
function protocolOf(authority: string | URL, { protocol = 'https:' }: Options): unknown {
  if (typeof authority === 'string' && !URL.canParse(authority)) return undefined
  const url = typeof authority === 'string' ? new URL(authority) : authority
  const wanted = url.protocol || protocol
  return wanted === 'http:' || wanted === 'https:' ? wanted : undefined
}

/** Core takes a stream that it did not open for a connected one, and tells so too early. */
function waitFor(socket: Socket, session: core.ClientHttp2Session): void {
  const { emit } = session
  session.emit = (name: string, ...args: unknown[]): boolean => {
    if (name !== 'connect' || !socket.connecting)
      return Reflect.apply(emit, session, [name, ...args])
    socket.once('connect', () => {
      Reflect.apply(emit, session, [name, ...args])
    })
    return true
  }
}

function openPlain(authority: URL, options: Options): Socket {
  const all = { ...placeOf(authority), ...options }
  return Reflect.apply(connectNet, undefined, [all]) as Socket
}

function openSecure(authority: URL, options: Options): Duplex {
  const { host, port } = placeOf(authority)
  const { ALPNCallback, allowHTTP1, servername } = options
  const protocols = allowHTTP1 === true ? ['h2', 'http/1.1'] : ['h2']
  const all = {
    port,
    host,
    ...options,
    ...(ALPNCallback === undefined ? { ALPNProtocols: protocols } : {}),
    ...(servername || isIP(host) !== 0 ? {} : { servername: host }),
  }
  return connectSecure(all, (withSocket) => {
    return Reflect.apply(connectTls, undefined, [withSocket]) as TLSSocket
  })
}

/** An IPv6 address without its brackets. */
function placeOf({ protocol, hostname, host, port }: URL): { host: string; port: string } {
  return {
    host: (hostname || host || 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: String(port || (protocol === 'http:' ? 80 : 443)),
  }
}
