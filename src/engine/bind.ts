/** How a server comes to its listening socket: by an address, a path or a descriptor. */
import { isIP } from 'node:net'
import { native } from '../binding.ts'
import { checkInteger, own } from '../check.ts'
import { check, failure, invalidHostname } from '../errors.ts'
import { type SocketAddr, decodeScratch, scratch } from '../socket-addr.ts'
import type { Machine } from './machine.ts'
import { Field, Flag, type Numbers, pathOf, portOf, raise, textOf } from './options.ts'

/** Where to listen, as the program says it. */
export type ListenPlace = string | { hostname: string | undefined; port: number } | { fd: number }

/** Reads the options that say where. */
export function placeOf(bag: object): ListenPlace {
  const fd = own(bag, 'fd')
  if (fd !== undefined) {
    checkInteger('options.fd', fd, 0, 2 ** 31 - 1)
    return { fd: fd as number }
  }
  const path = pathOf(bag)
  if (path !== undefined) return path
  return { hostname: textOf(bag, 'hostname'), port: portOf(own(bag, 'port'), 0) }
}

/** Binds and listens, and says at which address or path that is by now. */
export function bind(
  machine: Machine,
  index: number,
  place: ListenPlace,
  numbers: Numbers,
  options: Uint8Array,
): SocketAddr | string {
  if (typeof place === 'string') {
    raise(numbers, Flag.PATH)
    const code = native.engineListen(machine.handle, index, place, options, numbers)
    if (code < 0) throw failure(code, refusedBy(numbers), { address: place, port: -1 })
    return place
  }
  if ('fd' in place) return listenOnDescriptor(machine, index, place.fd, numbers, options)
  numbers[Field.PORT] = place.port
  bindAddress(machine, index, place.hostname, place.port, numbers, options)
  check(native.engineListenerAddr(machine.handle, index, scratch), 'getsockname')
  return decodeScratch()
}

/** No system has room for so long a path. */
const maxPath = 256

function listenOnDescriptor(
  machine: Machine,
  index: number,
  fd: number,
  numbers: Numbers,
  options: Uint8Array,
): SocketAddr | string {
  numbers[Field.FD] = fd
  const { handle } = machine
  const code = native.engineListen(handle, index, '', options, numbers)
  if (code < 0) throw failure(code, refusedBy(numbers))
  if (native.engineListenerAddr(handle, index, scratch) >= 0) return decodeScratch()
  const path = Buffer.alloc(maxPath)
  const length = check(native.engineListenerPath(handle, index, path), 'getsockname')
  return path.toString('utf8', 0, length)
}

function bindAddress(
  machine: Machine,
  index: number,
  hostname: string | undefined,
  port: number,
  numbers: Numbers,
  options: Uint8Array,
): void {
  const literal = hostname === 'localhost' ? '127.0.0.1' : hostname
  if (literal !== undefined && isIP(literal) === 0) {
    throw invalidHostname('options.hostname', hostname)
  }
  const address = literal ?? '::'
  const error = tryBind(machine, index, address, port, numbers, options)
  if (error === undefined) return
  if (literal !== undefined || !noIPv6.has(error.code ?? '')) throw error
  const second = tryBind(machine, index, '0.0.0.0', port, numbers, options)
  if (second !== undefined) throw second
}

/** What the system says of `::` when it has no IPv6. */
const noIPv6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL', 'EPROTONOSUPPORT'])

function tryBind(
  machine: Machine,
  index: number,
  address: string,
  port: number,
  numbers: Numbers,
  options: Uint8Array,
): NodeJS.ErrnoException | undefined {
  const code = native.engineListen(machine.handle, index, address, options, numbers)
  if (code >= 0) return undefined
  // As with Node, a port that was left to the system is no part of the error.
  return failure(code, refusedBy(numbers), port === 0 ? { address } : { address, port })
}

/** The system call that failed, as well as it is known. */
function refusedBy(numbers: Numbers): string {
  return numbers[Field.OPTION_REFUSED] === 1 ? 'setsockopt' : 'listen'
}
