import core from 'node:http'
import { callable } from '../net/callable.ts'
import { type OwnOptions, prepare, serve } from './serve.ts'

/** @inline */
type Requests = typeof core.IncomingMessage
/** @inline */
type Responses<Q extends Requests> = typeof core.ServerResponse<InstanceType<Q>>

/** Options of core's servers, and {@link OwnOptions}. */
export interface ServerOptions<
  Q extends Requests = Requests,
  P extends Responses<Q> = typeof core.ServerResponse,
>
  extends core.ServerOptions<Q, P>, OwnOptions {}

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

/** As `http.Server` of core, of which its objects are instances, but listening by the engine. */
export const Server = callable('Server', ServerClass, (self, ...args: unknown[]) => {
  Reflect.apply(core.Server, self, args)
  prepare(self, args[0])
}) as unknown as ServerConstructor

/** As `http.createServer` of core, with a server that listens by the engine. */
export const createServer: Make = (...args: unknown[]) => Reflect.construct(Server, args) as Server
