/** The names of `node:https`. Those that open connections do it by `mio-js/net`. */
import core from 'node:https'
import { globalAgent } from './https-agent.ts'
import { withAgent } from './request.ts'

export * from 'node:https'
export { Agent, globalAgent } from './https-agent.ts'
export { createServer, Server, type ServerOptions } from './https-server.ts'

/** As `https.request` of core. */
export const request: typeof core.request = (...args: unknown[]) => {
  return Reflect.apply(core.request, core, withAgent(args, globalAgent))
}

/** As `https.get` of core. */
export const get: typeof core.get = (...args: unknown[]) => {
  return Reflect.apply(core.get, core, withAgent(args, globalAgent))
}
