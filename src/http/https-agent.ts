import core from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { callable } from '../net/callable.ts'
import { hasProxies, optionsOf } from './agent.ts'
import { connectSecure } from './tls-connect.ts'

type Callback = (error: Error | null, stream: Duplex) => void

/** Core's agent, whose connections are core's TLS over sockets of `mio-js/net`. */
class AgentClass extends core.Agent {
  /** Sessions are kept and used again as core does it, which is all in its own method. */
  override createConnection(...args: unknown[]): Duplex | null | undefined {
    const [options, callback] = normalize(args)
    if (hasProxies(this) || options['socket'] !== undefined) {
      return super.createConnection(options, callback)
    }
    return connectSecure(options, (withSocket) => {
      return super.createConnection(withSocket, callback) as TLSSocket
    })
  }
}

/** `(options, callback)`, and the old `(port, host, options, callback)`. */
function normalize(args: readonly unknown[]): [Record<string, unknown>, Callback | undefined] {
  const bag = args.find((value) => typeof value === 'object' && value !== null)
  const options = { ...(bag as Record<string, unknown> | undefined) }
  if (typeof args[0] === 'number') options['port'] = args[0]
  if (typeof args[1] === 'string') options['host'] = args[1]
  const last = args.at(-1)
  return [options, typeof last === 'function' ? (last as Callback) : undefined]
}

/**
 * As `https.Agent` of core.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const agent: https.Agent = new https.Agent({ keepAlive: true })
 * agent.destroy()
 * ```
 */
export type Agent = core.Agent

/** @inline */
type AgentConstructor = typeof core.Agent & ((options?: core.AgentOptions) => Agent)

/**
 * As `https.Agent` of core, with connections by `mio-js/net`.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: true })
 * console.log(agent.options.keepAlive) // true
 * agent.destroy()
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
 * import { https } from 'mio-js/http'
 *
 * console.log(https.globalAgent instanceof https.Agent) // true
 * ```
 */
export const globalAgent: Agent = new Agent({ ...optionsOf(core.globalAgent) })
