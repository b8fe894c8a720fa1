/** The names of `node:http`. Those that open connections do it by `mio-js/net`. */
import core from 'node:http'
import { globalAgent } from './agent.ts'
import { withAgent } from './request.ts'

export * from 'node:http'
export { Agent, globalAgent } from './agent.ts'
export { createServer, Server, type ServerOptions } from './server.ts'

/** As `http.request` of core. */
export const request: typeof core.request = (...args: unknown[]) => {
  return Reflect.apply(core.request, core, withAgent(args, globalAgent))
}

/** As `http.get` of core. */
export const get: typeof core.get = (...args: unknown[]) => {
  return Reflect.apply(core.get, core, withAgent(args, globalAgent))
}
