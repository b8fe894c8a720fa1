/** The names of `node:https`. Those that open connections do it by `mio-js/net`. */
import core from 'node:https'
import { globalAgent } from './https-agent.ts'
import { withAgent } from './request.ts'

export * from 'node:https'
export { Agent, globalAgent } from './https-agent.ts'
export { createServer, Server, type ServerOptions } from './https-server.ts'

/**
 * As `https.request` of core.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const asking = https.request({ host: '127.0.0.1', port: 1, method: 'POST', agent: false })
 * asking.end('a body')
 * asking.once('error', ({ message }) => console.log(message.includes('ECONNREFUSED'))) // true
 * await new Promise((resolve) => asking.once('close', resolve))
 * ```
 */
export const request: typeof core.request = (...args: unknown[]) => {
  return Reflect.apply(core.request, core, withAgent(args, globalAgent))
}

/**
 * As `https.get` of core.
 *
 * @example
 * ```ts
 * import { https } from 'mio-js/http'
 *
 * const asking = https.get({ host: '127.0.0.1', port: 1, agent: false })
 * asking.once('error', ({ message }) => console.log(message.includes('ECONNREFUSED'))) // true
 * await new Promise((resolve) => asking.once('close', resolve))
 * ```
 */
export const get: typeof core.get = (...args: unknown[]) => {
  return Reflect.apply(core.get, core, withAgent(args, globalAgent))
}
