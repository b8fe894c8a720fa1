/** Where servers listen, as the engine and core name it. */
import { isIP } from 'node:net'
import { errnoOf, failure } from '../errors.ts'
import type { Bound } from './bound-socket.ts'
import { systemFailure } from './errors.ts'

interface PathPlace {
  readonly kind: 'path'
  readonly path: string
  readonly readableAll: boolean
  readonly writableAll: boolean
}

interface PortPlace {
  readonly kind: 'port'
  readonly host: string | undefined
  readonly port: number
}

/** Where a server is to listen. */
export type Place =
  | PathPlace
  | PortPlace
  | { readonly kind: 'fd'; readonly fd: number }
  | { readonly kind: 'bound'; readonly bound: Bound }

export function isDescriptor({ kind }: Place): boolean {
  return kind === 'fd' || kind === 'bound'
}

/** As options of the engine. */
export function targetOf(place: Place): object {
  switch (place.kind) {
    case 'path': {
      const { path, readableAll, writableAll } = place
      return { path, readableAll, writableAll }
    }
    case 'fd':
      return { fd: place.fd }
    case 'bound':
      return { fd: place.bound.fd }
    default:
      return { hostname: place.host, port: place.port }
  }
}

/** What names a server in core: family, address and port as they were asked for. */
export function connectionKey(place: Place): string {
  switch (place.kind) {
    case 'path':
      return `-1:${place.path}:-1`
    case 'port': {
      const { host, port } = place
      return host === undefined ? `6::::${port}` : `${isIP(host)}:${host}:${port}`
    }
    default:
      return 'null:null:null'
  }
}

/** libuv has errors of its own: of paths that cannot be, and of descriptors that do not fit. */
export function inWordsOfNet(error: NodeJS.ErrnoException, place: Place): NodeJS.ErrnoException {
  if (place.kind === 'path' && error.code === 'ENOENT') {
    return renamed(place.path, 'EACCES', 'permission denied')
  }
  const isNoPath = error.code === 'ENAMETOOLONG' || error.code === 'ERR_INVALID_ARG_VALUE'
  if (place.kind === 'path' && isNoPath) {
    return renamed(place.path, 'EINVAL', 'invalid argument')
  }
  if (place.kind === 'fd' && error.code !== 'EADDRINUSE') {
    return Object.assign(systemFailure(errnoOf('EINVAL'), 'listen'), {
      message: 'listen EINVAL: invalid argument',
      address: null,
    })
  }
  return error
}

/** `reusePort` where the system has no such thing. */
export function notShared({ host: address = '0.0.0.0', port }: PortPlace): Error {
  // A port that was left to the system is no part of the error.
  return failure(errnoOf('ENOTSUP'), 'listen', port === 0 ? { address } : { address, port })
}

function renamed(address: string, code: string, text: string): NodeJS.ErrnoException {
  const message = `listen ${code}: ${text} ${address}`
  const properties = { errno: errnoOf(code), code, syscall: 'listen', address, port: -1 }
  return Object.assign(new Error(message), properties)
}
