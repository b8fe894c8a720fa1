import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import core from 'node:https'
import { callable } from '../net/callable.ts'
import { type OwnOptions, prepare, serve } from './serve.ts'
import { linkServer } from './below.ts'

/** @inline */
type Requests = typeof IncomingMessage
/** @inline */
type Responses<Q extends Requests> = typeof ServerResponse<InstanceType<Q>>

/**
 * Options of core's servers, and {@link OwnOptions}.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const options: https.ServerOptions = {
 *   minVersion: 'TLSv1.3',
 *   native: process.platform !== 'win32',
 * }
 * console.log(https.createServer(options).listening) // false
 * ```
 */
export interface ServerOptions<
  Q extends Requests = Requests,
  P extends Responses<Q> = typeof ServerResponse,
>
  extends core.ServerOptions<Q, P>, OwnOptions {}

/**
 * As `https.Server` of core.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const server: https.Server = https.createServer({ minVersion: 'TLSv1.3' })
 * console.log(server.listening) // false
 * ```
 */
export type Server<
  Q extends Requests = Requests,
  P extends Responses<Q> = typeof ServerResponse,
> = core.Server<Q, P>

/** @inline */
interface Make {
  <Q extends Requests = Requests, P extends Responses<Q> = typeof ServerResponse>(
    listener?: RequestListener<Q, P>,
  ): Server<Q, P>
  <Q extends Requests = Requests, P extends Responses<Q> = typeof ServerResponse>(
    options: ServerOptions<Q, P>,
    listener?: RequestListener<Q, P>,
  ): Server<Q, P>
}

/** @inline */
interface ServerConstructor extends Make {
  readonly prototype: Server
  new <Q extends Requests = Requests, P extends Responses<Q> = typeof ServerResponse>(
    listener?: RequestListener<Q, P>,
  ): Server<Q, P>
  new <Q extends Requests = Requests, P extends Responses<Q> = typeof ServerResponse>(
    options: ServerOptions<Q, P>,
    listener?: RequestListener<Q, P>,
  ): Server<Q, P>
}

class ServerClass extends core.Server {
  constructor(...args: unknown[]) {
    super(...(args as [core.ServerOptions]))
    initialise(this, args)
  }

  override listen(...args: unknown[]): this {
    return serve(this, args)
  }
}

function initialise(server: core.Server, args: readonly unknown[]): void {
  prepare(server, args[0])
  linkServer(server)
}

/**
 * As `https.Server` of core, of which its objects are instances, but listening by the engine.
 *
 * @example
 * ```ts
 * import core from 'node:https'
 * import { https } from 'mio-js/http'
 *
 * console.log(new https.Server({}) instanceof core.Server) // true
 * ```
 */
export const Server = callable('Server', ServerClass, (self, ...args: unknown[]) => {
  Reflect.apply(core.Server, self, args)
  initialise(self, args)
}) as unknown as ServerConstructor

/**
 * As `https.createServer` of core, with a server that listens by the engine.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { https } from 'mio-js/http'
 *
 * // `native`: accepted by the engine, carried by Node's own sockets, which is faster for TLS.
 * export function serve(certFile: string, keyFile: string): https.Server {
 *   const options = { cert: readFileSync(certFile), key: readFileSync(keyFile), native: true }
 *   return https.createServer(options, (_request, response) => response.end('hello'))
 * }
 * ```
 */
export const createServer: Make = (...args: unknown[]) => Reflect.construct(Server, args) as Server
