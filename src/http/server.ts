import core from 'node:http'
import { callable } from '../net/callable.ts'
import { type OwnOptions, prepare, serve } from './serve.ts'

/** @inline */
type Requests = typeof core.IncomingMessage
/** @inline */
type Responses<Q extends Requests> = typeof core.ServerResponse<InstanceType<Q>>

/**
 * Options of core's servers, and {@link OwnOptions}.
 *
 * @example
 * ```ts
 * import { type ServerOptions, createServer } from 'mio-js/http'
 *
 * const options: ServerOptions = { requestTimeout: 10_000, headersTimeout: 5_000 }
 * console.log(createServer(options).requestTimeout) // 10000
 * ```
 */
export interface ServerOptions<
  Q extends Requests = Requests,
  P extends Responses<Q> = typeof core.ServerResponse,
>
  extends core.ServerOptions<Q, P>, OwnOptions {}

/**
 * As `http.Server` of core.
 *
 * @example
 * ```ts
 * import { type Server, createServer } from 'mio-js/http'
 *
 * const server: Server = createServer()
 * console.log(server.listening) // false
 * ```
 */
export type Server<
  Q extends Requests = Requests,
  P extends Responses<Q> = typeof core.ServerResponse,
> = core.Server<Q, P>

/** @inline */
interface Make {
  <Q extends Requests = Requests, P extends Responses<Q> = typeof core.ServerResponse>(
    listener?: core.RequestListener<Q, P>,
  ): Server<Q, P>
  <Q extends Requests = Requests, P extends Responses<Q> = typeof core.ServerResponse>(
    options: ServerOptions<Q, P>,
    listener?: core.RequestListener<Q, P>,
  ): Server<Q, P>
}

/** @inline */
interface ServerConstructor extends Make {
  readonly prototype: Server
  new <Q extends Requests = Requests, P extends Responses<Q> = typeof core.ServerResponse>(
    listener?: core.RequestListener<Q, P>,
  ): Server<Q, P>
  new <Q extends Requests = Requests, P extends Responses<Q> = typeof core.ServerResponse>(
    options: ServerOptions<Q, P>,
    listener?: core.RequestListener<Q, P>,
  ): Server<Q, P>
}

class ServerClass extends core.Server {
  constructor(...args: unknown[]) {
    super(...(args as [core.ServerOptions]))
    prepare(this, args[0])
  }

  override listen(...args: unknown[]): this {
    return serve(this, args)
  }
}

/**
 * As `http.Server` of core, of which its objects are instances, but listening by the engine.
 *
 * @example
 * ```ts
 * import core from 'node:http'
 * import { Server } from 'mio-js/http'
 *
 * const server = new Server((_request, response) => response.end('hello'))
 * console.log(server instanceof core.Server) // true
 * ```
 */
export const Server = callable('Server', ServerClass, (self, ...args: unknown[]) => {
  Reflect.apply(core.Server, self, args)
  prepare(self, args[0])
}) as unknown as ServerConstructor

/**
 * As `http.createServer` of core, with a server that listens by the engine.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { createServer } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = createServer((request, response) => response.end(`hello from ${request.url}`))
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const response = await fetch(`http://127.0.0.1:${port}/page`, {
 *   headers: { connection: 'close' },
 * })
 * console.log(await response.text()) // hello from /page
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const createServer: Make = (...args: unknown[]) => Reflect.construct(Server, args) as Server
