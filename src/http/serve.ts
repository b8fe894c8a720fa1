import type { Server } from 'node:net'
import { own } from '../check.ts'
import type { Engine } from '../engine/engine.ts'
import { unavailableHere } from '../errors.ts'
import { type ListeningServer, listen } from '../net/listening.ts'
import { checkNative, natively } from './native.ts'

/**
 * What `createServer` takes beside core's options.
 *
 * @example
 * ```ts
 * import { Engine } from 'mio-js/engine'
 * import { type OwnOptions, createServer } from 'mio-js/http'
 *
 * const engine = new Engine({ io: 'thread' })
 * const own: OwnOptions = { engine }
 * console.log(createServer({ ...own, keepAliveTimeout: 5_000 }).keepAliveTimeout) // 5000
 * await engine.close()
 * ```
 */
export interface OwnOptions {
  /** The engine that listens. Default: one that all servers and sockets of the thread share. */
  readonly engine?: Engine | undefined
  /**
   * Whether accepted connections become sockets of core's (default: false). The engine listens and
   * accepts; what a connection costs from then on is what it costs with core alone. The choice for
   * TLS, which is faster there.
   *
   * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  readonly native?: boolean | undefined
}

const natives = new WeakSet<object>()

/** Reads what core does not know from the options of a server. */
export function prepare(server: Server, options: unknown): void {
  // A listener in the place of options may have these properties for reasons of its own.
  const bag = typeof options === 'object' && options !== null ? options : {}
  const engine = own(bag, 'engine')
  if (engine !== undefined) Object.assign(server, { engine })
  if (own(bag, 'native') !== true) return
  checkNative()
  natives.add(server)
}

/**
 * `listen` of a server of core's, by the engine.
 *
 * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` in Bun.
 */
export function serve<T extends Server>(server: T, args: unknown[]): T {
  // Bun's servers of HTTP are not made of `net`; those of HTTP/2 look as if they were, and are
  // nothing without Bun's own listener.
  if (process.versions['bun'] !== undefined) {
    throw unavailableHere('There are no servers of HTTP over net')
  }
  const isNative = natives.has(server)
  listen(server as unknown as ListeningServer, args, isNative ? natively : undefined)
  return server
}

/** Lets a server listen by the engine whose class core does not export. */
export function adopt<T extends Server>(server: T, options: unknown): T {
  prepare(server, options)
  return Object.defineProperty(server, 'listen', {
    value: (...args: unknown[]) => serve(server, args),
    writable: true,
    configurable: true,
  })
}
