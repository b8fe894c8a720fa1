import { unlinkSync } from 'node:fs'
import { isIP, isIPv6 } from 'node:net'
import { native } from '../binding.ts'
import { Field, Flag, newNumbers, raise } from '../engine/options.ts'
import { errnoOf } from '../errors.ts'
import { TcpStream } from '../tcp-stream.ts'
import { UnixStream } from '../unix-stream.ts'
import { handleAdopted, placedFailure, systemFailure, wrongValue } from './errors.ts'
import { canReusePort } from './reuse-port.ts'
import type { State } from './state.ts'
import { checkFlag, checkObject, checkString, portOf } from './validate.ts'

/**
 * Where a {@link BoundSocket} is bound.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { BoundSocket, type BoundSocketOptions } from 'mio-js/net'
 *
 * const options: BoundSocketOptions = { host: '127.0.0.1', port: 0 }
 * new BoundSocket(options).close()
 * ```
 */
export interface BoundSocketOptions {
  /** A literal address. Default: `0.0.0.0`, or `::` with `ipv6Only`. */
  readonly host?: string | null
  /** 0, the default, for one that is free. */
  readonly port?: number
  /** Whether an IPv6 address takes no IPv4. Default: false. */
  readonly ipv6Only?: boolean
  /** Whether others may have the same port (`SO_REUSEPORT`). Default: false. `ENOTSUP` on macOS. */
  readonly reusePort?: boolean
  /** A Unix socket instead of all else. */
  readonly path?: string
}

/** What a {@link BoundSocket} gives away. */
export interface Bound {
  readonly fd: number
  readonly path: string | undefined
}

/**
 * A socket that is bound and neither listens nor connects yet, as `net.BoundSocket` of Node 26: one
 * server's `listen`, or one `new Socket({ handle })`, takes it over. Binding does not block, and
 * fails by throwing. Not on Windows.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { once } from 'node:events'
 * import { BoundSocket, createServer } from 'mio-js/net'
 *
 * const bound = new BoundSocket({ host: '127.0.0.1' })
 * const { port } = bound.address() as { port: number }
 * const server = createServer().listen(bound)
 * await once(server, 'listening')
 * console.log((server.address() as { port: number }).port === port) // true
 * server.close()
 * await once(server, 'close')
 * ```
 */
export class BoundSocket {
  #fd: number
  readonly #path: string | undefined
  readonly #address: { address: string; family: 'IPv4' | 'IPv6'; port: number } | undefined

  constructor(options: BoundSocketOptions = {}) {
    checkObject('options', options)
    const numbers = newNumbers()
    if (options.path !== undefined) {
      this.#path = pathOf(options)
      raise(numbers, Flag.PATH)
      const fd = native.streamBind(this.#path, numbers)
      if (fd < 0) throw systemFailure(pathErrors.get(fd) ?? fd, 'bind')
      this.#fd = fd
      return
    }
    const port = portOf(options.port ?? 0, 'options.port')
    const ipv6Only = flagOf('options.ipv6Only', options.ipv6Only)
    if (ipv6Only) raise(numbers, Flag.IPV6_ONLY)
    const host = hostOf(options.host, ipv6Only)
    if (flagOf('options.reusePort', options.reusePort)) {
      if (!canReusePort()) throw placedFailure(errnoOf('ENOTSUP'), 'bind', host, port)
      raise(numbers, Flag.REUSE_PORT)
    }
    numbers[Field.PORT] = port
    const fd = native.streamBind(host, numbers)
    if (fd < 0) throw placedFailure(fd, 'bind', host, port)
    this.#fd = fd
    const family = isIPv6(host) ? 'IPv6' : 'IPv4'
    this.#address = { address: host, family, port: numbers[Field.PORT] as number }
  }

  /** Where it is bound: as of a server. */
  address(): { address: string; family: 'IPv4' | 'IPv6'; port: number } | string | undefined {
    this.#check()
    return this.#path ?? this.#address
  }

  /** The descriptor, still this object's. */
  fd(): number {
    this.#check()
    return this.#fd
  }

  /** Whether it is a Unix socket. */
  get isPipe(): boolean {
    return this.#path !== undefined
  }

  /** Closes it, if nothing has taken it over; a path is removed. */
  close(): void {
    const { fd, path } = this.release()
    removePath(path)
    closeStream(fd, path !== undefined)
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) this.close()
  }

  /** @internal The descriptor, now the caller's. */
  release(): Bound {
    this.#check()
    const fd = this.#fd
    this.#fd = gone
    return { fd, path: this.#path }
  }

  #check(): void {
    if (this.#fd === gone) throw handleAdopted()
  }
}

const gone = -1

/** What libuv says of paths that cannot be, in place of what the system says. */
const pathErrors = new Map([
  [errnoOf('ENOENT'), errnoOf('EACCES')],
  [errnoOf('ENAMETOOLONG'), errnoOf('EINVAL')],
])

/** Closes what was bound and is of no use. If the program has closed it already, nothing is left to do. */
export function closeBound({ fd, path }: Bound): void {
  removePath(path)
  try {
    closeStream(fd, path !== undefined)
  } catch {
    // EBADF: the number is not in use; or it is another socket's.
  }
}

/** As a stream that is closed at once: the `closeSync` of Deno knows only what Deno has opened. */
function closeStream(fd: number, isPipe: boolean): void {
  native.descriptorTaken(fd)
  const kind = isPipe ? UnixStream : TcpStream
  kind.fromRawFd(fd).close()
}

/** Whoever closes what is bound to a path removes that, so that it can be bound again. */
export function removePath(path: string | undefined): void {
  // An abstract one is no file.
  if (path === undefined || path.startsWith('\0')) return
  try {
    unlinkSync(path)
  } catch {
    // ENOENT: somebody else has removed it.
  }
}

/** Makes a socket of what was bound, for it to connect. */
export function bind(state: State, bound: Bound): void {
  state.bound = bound
  state.boundPath = bound.path
  state.pathToRemove = bound.path
}

/** Closes what a socket has of that: the descriptor, unless it has connected, and the path. */
export function unbind(state: State): void {
  const { bound, pathToRemove } = state
  state.bound = undefined
  state.pathToRemove = undefined
  if (bound !== undefined) closeBound(bound)
  else removePath(pathToRemove)
}

function pathOf({ path, host, port, ipv6Only, reusePort }: BoundSocketOptions): string {
  if ([host, port, ipv6Only, reusePort].some((other) => other !== undefined)) {
    const reason = 'path is mutually exclusive with host, port, ipv6Only, and reusePort'
    throw wrongValue('options', { path, host, port, ipv6Only, reusePort }, reason)
  }
  checkString('options.path', path)
  if (path.startsWith('\0') && process.platform !== 'linux') {
    const reason = 'abstract socket paths are only supported on Linux'
    throw wrongValue('options.path', path, reason)
  }
  return path
}

function hostOf(host: unknown, ipv6Only: boolean): string {
  if (host === undefined || host === null) return ipv6Only ? '::' : '0.0.0.0'
  checkString('options.host', host)
  if (isIP(host) !== 0) return host
  const reason = 'must be a numeric IP address; net.BoundSocket does not perform DNS resolution'
  throw wrongValue('options.host', host, reason)
}

function flagOf(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  checkFlag(name, value)
  return value
}
