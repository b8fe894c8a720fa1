import type { Server } from 'node:net'
import type tls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { isOurs, linkSecure } from '../http/below.ts'
import { connectSecure } from '../http/tls-connect.ts'

type Tls = typeof tls
type Options = Record<string, unknown>

interface Internals {
  _init(this: TLSSocket, socket: unknown, wrap: unknown): void
}

let secureServer: Tls['Server'] | undefined

/** Whether a server is one of TLS. */
export function isSecure(server: Server): boolean {
  return secureServer !== undefined && server instanceof secureServer
}

/** Whether TLS is to be on the engine as well. */
export function isTlsOurs(): boolean {
  return process.env['MIO_JS_REGISTER'] === 'tls'
}

/** Fits core's TLS to sockets of ours, and lets it connect by them if that is wanted. */
export function replaceTls(module: Tls): void {
  secureServer = module.Server
  fitSockets(module.TLSSocket.prototype as unknown as Internals)
  if (isTlsOurs()) module.connect = connectOf(module.connect)
}

/**
 * A socket of ours is an instance of `net.Socket` here, and core takes one that has no handle for one
 * that still connects: it would wait for ever.
 */
function fitSockets(prototype: Internals): void {
  const { _init: init } = prototype
  prototype._init = function _init(socket, wrap) {
    Reflect.apply(init, this, [socket, wrap])
    if (!isOurs(socket)) return
    const state = this as { connecting: boolean }
    state.connecting = socket.connecting
    linkSecure(this)
  }
}

/** `tls.connect`, over a socket of ours unless the program has one. */
function connectOf(connect: Tls['connect']): Tls['connect'] {
  return (...args: unknown[]) => {
    const [options, callback] = normalize(args)
    const { fd, socket } = options
    const isCores = socket || fd !== undefined
    const make = (all: Options): TLSSocket => Reflect.apply(connect, undefined, [all, callback])
    return isCores ? make(options) : connectSecure(options, make)
  }
}

/** `(options)`, `(path, options)` and `(port, host, options)`, each with a callback. */
function normalize(args: readonly unknown[]): [Options, unknown] {
  const options: Options = {}
  const [first, second] = args
  if (typeof first === 'number' || (typeof first === 'string' && Number(first) >= 0)) {
    options['port'] = first
    if (typeof second === 'string') options['host'] = second
  } else if (typeof first === 'string') options['path'] = first
  for (const value of args) {
    if (typeof value === 'object' && value !== null) Object.assign(options, value)
  }
  return [options, args.find((value) => typeof value === 'function')]
}
