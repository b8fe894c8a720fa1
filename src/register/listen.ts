import cluster from 'node:cluster'
import type { Server } from 'node:net'
import { coreListen } from '../core-net.ts'
import { linkServer } from '../http/below.ts'
import { normalizeArgs } from '../net/arguments.ts'
import { ListeningHandle } from '../net/listening-handle.ts'
import { listen as ownListen } from '../net/listening.ts'
import { isTracing, trace } from '../trace.ts'
import { isSecure, isTlsOurs } from './secure.ts'

type Options = Record<string, unknown>

/** `net.Server.prototype.listen` of a program: by the engine, if that can do it. */
export function listen(this: Server, ...args: unknown[]): Server {
  const [options] = normalizeArgs(args)
  const reason = whyCores(this, options)
  if (reason !== undefined) {
    if (isTracing) trace('register: a server listens by core: %s', reason)
    return Reflect.apply(coreListen, this, args)
  }
  if ('updateSettings' in this) linkServer(this)
  ownListen(this as never, args)
  return this
}

/**
 * What stays core's: TLS, which is faster there; what is shared in a cluster; listeners whose
 * connections go to other processes, which is what `pauseOnConnect` is for; handles of core's, and
 * descriptors on Windows.
 */
function whyCores(server: Server, options: Options): string | undefined {
  if (isSecure(server) && !isTlsOurs()) return 'it has TLS'
  if ((server as { pauseOnConnect?: boolean }).pauseOnConnect === true) return 'pauseOnConnect'
  if (hasHandle(options)) return 'it was given a handle'
  if (isShared(options)) return 'the port is shared in a cluster'
  const isWindows = process.platform === 'win32'
  return isWindows && 'fd' in options ? 'it was given a descriptor' : undefined
}

function hasHandle(options: Options): boolean {
  const { _handle: inner, handle } = options
  const given = inner || handle || options
  // Those of our servers have the descriptor of the engine, which core must not have.
  if (given instanceof ListeningHandle) return false
  return given !== options || typeof options['getAsyncId'] === 'function'
}

/**
 * Workers of a cluster listen by their primary, which listens by servers of core's for them, except
 * for those that ask for a listener of their own.
 */
function isShared({ exclusive, reusePort }: Options): boolean {
  if (cluster.isPrimary) return Object.keys(cluster.settings).length > 0
  return !exclusive && reusePort !== true
}
