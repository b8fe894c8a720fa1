/**
 * Errors with the very messages of `node:net`: programs, and their tests, compare them.
 */
import { format, inspect } from 'node:util'
import { errnoOf, misuse, systemErrors, unrelated, unrelatedFailure } from '../errors.ts'

/** The address that a connect came from, if the program chose it. */
export interface Local {
  readonly address: string
  readonly port: number
}

/** `read ECONNRESET`: of something that no code of the program's has caused, so without a stack. */
export function systemFailure(errno: number, syscall: string): Error {
  const code = nameOf(errno)
  if (code === undefined) return unrelatedFailure(errno, syscall)
  return unrelated(() => Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall }))
}

/** `connect ECONNREFUSED 127.0.0.1:80`, and where it was to come from. */
export function placedFailure(
  errno: number,
  syscall: string,
  address: string,
  port: number | undefined,
  local?: Local,
): Error {
  const code = nameOf(errno)
  if (code === undefined) return unrelatedFailure(errno, syscall)
  const hasPort = port !== undefined && port > 0
  const text = hasPort ? `${address}:${port}` : address
  const from = local === undefined ? '' : ` - Local (${local.address}:${local.port})`
  const properties = {
    errno,
    code,
    syscall,
    address,
    ...(hasPort ? { port } : {}),
    ...(local === undefined ? {} : { localAddress: local.address, localPort: local.port }),
  }
  const message = `${syscall} ${code} ${text}${from}`
  return unrelated(() => Object.assign(new Error(message), properties))
}

/** Undefined for what is no error of the system, but one of this package. */
function nameOf(errno: number): string | undefined {
  return systemErrors().get(errno)?.[0]
}

/** No memory to read into. */
export function noBufferSpace(): Error {
  return systemFailure(errnoOf('ENOBUFS'), 'read')
}

/** All attempts of a connect failed: the first one gives the code. */
export function allFailed(errors: readonly Error[]): AggregateError {
  const error = new AggregateError(errors)
  return Object.assign(error, { code: (errors[0] as NodeJS.ErrnoException).code })
}

/** What a write says when the peer has ended, and the socket with it. */
export function endedByPeer(): Error {
  return misuse('EPIPE', 'This socket has been ended by the other party')
}

export function socketIsClosed(): Error {
  return misuse('ERR_SOCKET_CLOSED', 'Socket is closed')
}

export function closedBeforeConnection(): Error {
  const message = 'Socket closed before the connection was established'
  return misuse('ERR_SOCKET_CLOSED_BEFORE_CONNECTION', message)
}

export function connectionTimeout(): Error {
  return misuse('ERR_SOCKET_CONNECTION_TIMEOUT', 'Socket connection timeout')
}

export function blocked(address: string): Error {
  return misuse('ERR_IP_BLOCKED', `IP(${address}) is blocked by net.BlockList`)
}

export function invalidIp(address: unknown): Error {
  return misuse('ERR_INVALID_IP_ADDRESS', format('Invalid IP address: %s', address))
}

export function invalidFamily(family: unknown, host: unknown, port: unknown): Error {
  const message = `Invalid address family: ${String(family)} ${String(host)}:${String(port)}`
  return misuse('ERR_INVALID_ADDRESS_FAMILY', message, { host, port })
}

export function invalidFd(): Error {
  return misuse('ERR_INVALID_FD_TYPE', 'Unsupported fd type: UNKNOWN')
}

export function invalidHandle(): Error {
  return misuse('ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent')
}

export function handleAdopted(): Error {
  const message = 'The bound socket has already been adopted by a server or socket'
  return misuse('ERR_SOCKET_HANDLE_ADOPTED', message)
}

export function alreadyListening(): Error {
  const message = 'Listen method has been called more than once without closing.'
  return misuse('ERR_SERVER_ALREADY_LISTEN', message)
}

export function notRunning(): Error {
  return misuse('ERR_SERVER_NOT_RUNNING', 'Server is not running.')
}

export function clusterSharing(): Error {
  const message =
    'A port cannot be shared with the other workers of a cluster: use exclusive or reusePort'
  return misuse('ERR_CLUSTER_SHARING', message)
}

export function missingPlace(): Error {
  const message = 'The "options" or "port" or "path" argument must be specified'
  return misuse('ERR_MISSING_ARGS', message)
}

export function tooMuchPending(): Error {
  return misuse('ERR_PENDING_LIMIT', 'More bytes are buffered than maxPending allows')
}

/** Types by name, and classes, as Node lists them. */
export function wrongType(name: string, expected: string, value: unknown): Error {
  const message = `The ${quoted(name)} must be ${expected}. Received ${received(value)}`
  return misuse('ERR_INVALID_ARG_TYPE', message)
}

export function wrongValue(name: string, value: unknown, reason = 'is invalid'): Error {
  const kind = name.includes('.') ? 'property' : 'argument'
  const text = inspect(value)
  const short = text.length > 128 ? `${text.slice(0, 128)}...` : text
  return misuse('ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${short}`)
}

export function wrongRange(name: string, range: string, value: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${grouped(value)}`
  return misuse('ERR_OUT_OF_RANGE', message)
}

export function wrongPort(name: string, value: unknown): Error {
  const message = `${name} should be >= 0 and < 65536. Received ${received(value)}.`
  return misuse('ERR_SOCKET_BAD_PORT', message)
}

function quoted(name: string): string {
  return `"${name}" ${name.includes('.') ? 'property' : 'argument'}`
}

/** Long integers have their digits in groups. */
function grouped(value: unknown): string {
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) <= 2 ** 32) {
    return inspect(value)
  }
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, '_')
}

/** A value in the words that Node has for it. */
function received(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value === 'object') {
    const name = value.constructor?.name
    return name === undefined ? inspect(value, { depth: -1 }) : `an instance of ${name}`
  }
  if (typeof value === 'string') {
    const short = value.length > 28 ? `${value.slice(0, 25)}...` : value
    return `type string (${short.includes("'") ? JSON.stringify(short) : `'${short}'`})`
  }
  return `type ${typeof value} (${inspect(value)})`
}
