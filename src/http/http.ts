/** The names of `node:http`. Those that open connections do it by `mio-js/net`. */
import core from 'node:http'
import { globalAgent } from './agent.ts'
import { withAgent } from './request.ts'

export * from 'node:http'
export { Agent, globalAgent } from './agent.ts'
export { createServer, Server, type ServerOptions } from './server.ts'

/**
 * As `http.request` of core.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { type IncomingMessage, createServer, request } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = createServer((asked, response) => asked.pipe(response)).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const asking = request({ port, method: 'POST', agent: false })
 * asking.end('there and back')
 * const [response] = (await once(asking, 'response')) as [IncomingMessage]
 * console.log(await text(response)) // there and back
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const request: typeof core.request = (...args: unknown[]) => {
  return Reflect.apply(core.request, core, withAgent(args, globalAgent))
}

/**
 * As `http.get` of core.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type IncomingMessage, createServer, get } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = createServer((_asked, response) => response.writeHead(204).end())
 * server.listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const [response] = (await once(get({ port, agent: false }), 'response')) as [IncomingMessage]
 * console.log(response.resume().statusCode) // 204
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const get: typeof core.get = (...args: unknown[]) => {
  return Reflect.apply(core.get, core, withAgent(args, globalAgent))
}
