import core from 'node:http'
import type { Duplex } from 'node:stream'
import { callable } from '../net/callable.ts'
import { createConnection } from '../net/index.ts'

type Arguments = Parameters<core.Agent['createConnection']>

/** Core's agent, whose connections are sockets of `mio-js/net`. */
class AgentClass extends core.Agent {
  override createConnection(...args: Arguments): Duplex | null | undefined {
    if (hasProxies(this)) return super.createConnection(...args)
    return Reflect.apply(createConnection, undefined, args) as unknown as Duplex
  }
}

/** Whether an agent was told of proxies (`proxyEnv`). Those are core's, and so are its sockets. */
export function hasProxies(agent: core.Agent): boolean {
  const { proxyEnv } = optionsOf(agent) as { proxyEnv?: unknown }
  return typeof proxyEnv === 'object' && proxyEnv !== null
}

/** What an agent was made with. */
export function optionsOf(agent: core.Agent): core.AgentOptions {
  return (agent as unknown as { options: core.AgentOptions }).options
}

/**
 * As `http.Agent` of core.
 *
 * @example
 * ```ts
 * import { Agent } from 'mio-js/http'
 *
 * const agent: Agent = new Agent({ keepAlive: true })
 * console.log(agent.maxSockets) // Infinity
 * agent.destroy()
 * ```
 */
export type Agent = core.Agent

/** @inline */
type AgentConstructor = typeof core.Agent & ((options?: core.AgentOptions) => Agent)

/**
 * As `http.Agent` of core, with connections by `mio-js/net`.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { text } from 'node:stream/consumers'
 * import { Agent, type IncomingMessage, createServer, get } from 'mio-js/http'
 * import type { AddressInfo } from 'mio-js/net'
 *
 * const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const { port } = server.address() as AddressInfo
 * const agent = new Agent({ keepAlive: true, maxSockets: 8 })
 * const [response] = (await once(get({ port, agent }), 'response')) as [IncomingMessage]
 * console.log(response.statusCode, await text(response)) // 200 hello
 * agent.destroy()
 * server.close()
 * await once(server, 'close')
 * ```
 */
export const Agent = callable('Agent', AgentClass, (self, options?: core.AgentOptions) => {
  Reflect.apply(core.Agent, self, [options])
}) as unknown as AgentConstructor

/**
 * The agent of requests that name none, made as that of core is.
 *
 * @example
 * ```ts
 * import { globalAgent } from 'mio-js/http'
 *
 * console.log(globalAgent.maxFreeSockets) // 256
 * ```
 */
export const globalAgent: Agent = new Agent({ ...optionsOf(core.globalAgent) })
