/** `connect`: what a program may say, names, and the order of addresses. */
import dns from 'node:dns'
import {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
} from 'node:net'
import { tellConnectError } from '../engine/telemetry.ts'
import { errnoOf } from '../errors.ts'
import { resetWrite } from './after-end.ts'
import {
  invalidFamily,
  invalidIp,
  missingPlace,
  placedFailure,
  wrongType,
  wrongValue,
} from './errors.ts'
import { type Candidate, Opening, type Route } from './opening.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'
import {
  checkFlag,
  checkFunction,
  checkInt32,
  checkName,
  checkNumber,
  isAddress,
  isFamily,
  portOf,
} from './validate.ts'

/** The shortest time that an attempt gets. */
const leastAttempt = 10

type Found = readonly { address: unknown; family: unknown }[]

interface Undestroyable {
  _undestroy(): void
}

/** Begins to connect, to a path or a port. A socket that was closed can connect again. */
export function beginConnect(socket: Socket, options: Record<string, unknown>): void {
  const { path } = options
  const state = stateOf(socket)
  const { bound } = state
  ;(socket as unknown as Undestroyable)._undestroy()
  resetWrite(socket)
  state.renew()
  socket.connecting = true
  if (bound === undefined ? Boolean(path) : bound.path !== undefined) connectPath(socket, path)
  else connectPort(socket, options)
}

/** A second connect of a socket that has a connection, or is about to: it loses what it has. */
export function refuseConnect(socket: Socket, { host, port, path }: Record<string, unknown>): void {
  const code = socket.connecting ? 'EALREADY' : 'EISCONN'
  socket.connecting = true
  const address = String(path || host || 'localhost')
  const error = placedFailure(
    errnoOf(code),
    'connect',
    address,
    path ? undefined : wantedPort(port),
  )
  fail(socket, error)
}

/** Neither a port nor a path is a mistake that nothing else is done for. */
export function checkPlace({ port, path }: Record<string, unknown>): void {
  if (port === undefined && (path === undefined || path === null)) throw missingPlace()
}

function connectPath(socket: Socket, path: unknown): void {
  checkPath(path)
  const route = { port: 0, localAddress: undefined, localPort: undefined, attemptTimeout: 0 }
  begin(socket, route).tryOne({ address: path, family: undefined })
}

function checkPath(path: unknown): asserts path is string {
  if (typeof path !== 'string') throw wrongType('options.path', 'of type string', path)
}

function connectPort(socket: Socket, options: Record<string, unknown>): void {
  const host = options['host'] || 'localhost'
  checkName('options.host', host)
  const { bound } = stateOf(socket)
  const { localAddress, localPort } = localOf(options, bound !== undefined)
  const port = wantedPort(options['port'])
  const isMultiple = wantsAll(options['autoSelectFamily']) && bound === undefined
  const attemptTimeout = attemptTimeoutOf(options['autoSelectFamilyAttemptTimeout'])
  const route = { port, localAddress, localPort, attemptTimeout }
  const family = isIP(host)
  if (isFamily(family)) {
    connectAddress(socket, route, { address: host, family })
    return
  }
  const lookup = lookupOf(options['lookup'])
  socket._host = host
  const { family: wanted, hints } = resolution(options)
  const opening = begin(socket, route)
  if (!isFamily(wanted) && localAddress === undefined && isMultiple) {
    lookup(host, { family: wanted, hints, all: true }, (error, found) => {
      tryFound(socket, opening, options, port, error, found as Found)
    })
    return
  }
  lookup(host, { family: wanted, hints }, (error, address, kind) => {
    socket.emit('lookup', error, address, kind, host)
    if (!isCurrent(socket, opening)) return
    if (error) failLookup(socket, host, port, error)
    else if (!isAddress(address)) fail(socket, invalidIp(address))
    else if (!isFamily(kind)) fail(socket, invalidFamily(kind, options['host'], options['port']))
    else opening.tryOne({ address, family: kind })
  })
}

/** A literal address: in the next tick, so that listeners can be added, or at once if it is bound. */
function connectAddress(socket: Socket, route: Route, candidate: Candidate): void {
  const opening = begin(socket, route)
  if (stateOf(socket).bound !== undefined) {
    opening.tryOne(candidate)
    return
  }
  process.nextTick(() => {
    if (isCurrent(socket, opening)) opening.tryOne(candidate)
  })
}

function begin(socket: Socket, route: Route): Opening {
  const opening = new Opening(socket, route)
  stateOf(socket).opening = opening
  return opening
}

/** Whether the socket was not destroyed, nor connected again, meanwhile. */
function isCurrent(socket: Socket, opening: Opening): boolean {
  return socket.connecting && stateOf(socket).opening === opening
}

/** In a tick of its own: a name may be known at once, before anybody listens. */
function fail(socket: Socket, error: Error): void {
  process.nextTick(() => socket.destroy(error))
}

function failLookup(socket: Socket, host: string, port: number, error: Error): void {
  tellConnectError(host, port, error)
  fail(socket, error)
}

function localOf(
  { localAddress, localPort }: Record<string, unknown>,
  isBound: boolean,
): { localAddress: string | undefined; localPort: number | undefined } {
  if (isBound && (localAddress !== undefined || localPort !== undefined)) {
    const reason = 'localAddress and localPort cannot be used with an adopted bound socket'
    throw wrongValue('options', { localAddress, localPort }, reason)
  }
  if (localAddress && !isAddress(localAddress)) throw invalidIp(localAddress)
  if (localPort) checkNumber('options.localPort', localPort)
  return {
    localAddress: localAddress ? (localAddress as string) : undefined,
    localPort: localPort ? portOf(localPort, 'options.localPort') : undefined,
  }
}

function wantedPort(port: unknown): number {
  if (port === undefined) return 0
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw wrongType('options.port', 'one of type number or string', port)
  }
  return portOf(port)
}

function wantsAll(autoSelectFamily: unknown): boolean {
  if (autoSelectFamily === undefined || autoSelectFamily === null) {
    return getDefaultAutoSelectFamily()
  }
  checkFlag('options.autoSelectFamily', autoSelectFamily)
  return autoSelectFamily
}

function attemptTimeoutOf(value: unknown): number {
  if (value === undefined || value === null) return getDefaultAutoSelectFamilyAttemptTimeout()
  checkInt32('options.autoSelectFamilyAttemptTimeout', value, 1)
  return Math.max(value, leastAttempt)
}

type Lookup = (
  host: string,
  options: object,
  callback: (error: Error | null, address: unknown, family: unknown) => void,
) => void

function lookupOf(lookup: unknown): Lookup {
  if (lookup === undefined || lookup === null) return dns.lookup as unknown as Lookup
  checkFunction('options.lookup', lookup)
  return lookup as unknown as Lookup
}

/** Without a family, addresses of families that this machine does not have are of no use. */
function resolution(options: Record<string, unknown>): { family: unknown; hints: unknown } {
  const family = familyOf(options['family'])
  const hints = options['hints'] || 0
  const isOpen = !isFamily(family) && hints === 0 && process.platform !== 'win32'
  return { family, hints: isOpen ? dns.ADDRCONFIG : hints }
}

function familyOf(family: unknown): unknown {
  if (family === 'IPv4') return 4
  return family === 'IPv6' ? 6 : family
}

function tryFound(
  socket: Socket,
  opening: Opening,
  options: Record<string, unknown>,
  port: number,
  error: Error | null,
  found: Found,
): void {
  if (!isCurrent(socket, opening)) return
  const host = options['host'] || 'localhost'
  if (error) {
    socket.emit('lookup', error, undefined, undefined, host)
    failLookup(socket, host as string, port, error)
    return
  }
  for (const { address, family } of found) {
    socket.emit('lookup', error, address, family, host)
    // A listener may have destroyed it.
    if (!isCurrent(socket, opening)) return
  }
  const candidates = alternating(found)
  const [first] = candidates
  if (first === undefined) fail(socket, unusable(found, options))
  else if (candidates.length === 1) opening.tryOne(first)
  else opening.tryAll(candidates)
}

function unusable(found: Found, options: Record<string, unknown>): Error {
  const { address, family } = found[0] ?? { address: undefined, family: undefined }
  if (!isAddress(address)) return invalidIp(address)
  return invalidFamily(family, options['host'], options['port'])
}

/** Each address once, the families in turn, that of the first address first. */
function alternating(found: Found): Candidate[] {
  const valid = found.filter(({ address, family }) => isAddress(address) && isFamily(family))
  const unique = new Map(valid.map(({ address, family }) => [address, { address, family }]))
  const candidates = [...unique.values()] as Candidate[]
  const first = candidates.filter(({ family }) => family === candidates[0]?.family)
  const second = candidates.filter(({ family }) => family !== candidates[0]?.family)
  const pairs = Array.from({ length: Math.max(first.length, second.length) }, (_, at) => [
    first[at],
    second[at],
  ])
  return pairs.flat().filter((candidate) => candidate !== undefined)
}
