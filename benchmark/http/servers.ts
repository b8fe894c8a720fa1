/** Programs on Node's own modules, and the same on the drop-in. */
import { type Command, compiled } from '../process.js'
import type { Servers } from '../suite/workload.js'

export const baseline = 'node:http'
export const tlsBaseline = 'node:https'
export const netBaseline = 'node:net'
export const dropIn = 'mio-js/http'
export const native = 'mio-js/http, native'
/** The program of the baseline, with the drop-in loaded before it. */
export const register = 'mio-js/register'

const preload = ['--import', register]

function program(node: string, path: string, ...args: string[]): Command {
  return { command: [node, compiled(`http/${path}.js`), ...args] }
}

function preloaded(node: string, path: string, ...args: string[]): Command {
  return { command: [node, ...preload, compiled(`http/${path}.js`), ...args] }
}

export function hello(node: string): Servers {
  return new Map([
    [baseline, program(node, 'servers/hello', 'node:http')],
    [dropIn, program(node, 'servers/hello', 'mio-js/http')],
    [native, program(node, 'servers/hello', 'mio-js/http', 'native')],
    [register, preloaded(node, 'servers/hello', 'node:http')],
  ])
}

/** A library that is given a server of `node:http`. */
export function onServer(node: string, name: 'fastify' | 'ws'): Servers {
  return new Map([
    [baseline, program(node, `servers/${name}`, 'node:http')],
    [dropIn, program(node, `servers/${name}`, 'mio-js/http')],
    [register, preloaded(node, `servers/${name}`, 'node:http')],
  ])
}

export function tls(node: string, folder: string): Servers {
  return new Map([
    [tlsBaseline, program(node, 'servers/https', 'node:https', folder)],
    [dropIn, program(node, 'servers/https', 'mio-js/http', folder)],
    [native, program(node, 'servers/https', 'mio-js/http', folder, 'native')],
  ])
}

/** A library that connects by `node:net`. */
export function clients(node: string, name: 'pg' | 'ioredis'): Servers {
  return new Map([
    [netBaseline, program(node, `clients/${name}`)],
    [register, preloaded(node, `clients/${name}`)],
  ])
}
