/**
 * Every error that this package makes. Their codes are explained in docs/errors.md.
 *
 * Native functions return a negative number for a failure. Numbers of the operating system are
 * Node's own (`util.getSystemErrorMap`); numbers of misuse come with the binary, from the one table
 * in `crates/core/src/error`.
 */
import { constants } from 'node:os'
import { getSystemErrorMap, inspect } from 'node:util'
import { native } from './binding.ts'

/** Nothing to do right now. */
export const WOULD_BLOCK = native.wouldBlock

interface Misuse {
  readonly code: string
  readonly constructor: ErrorConstructor
  readonly message: string
}

const constructors: Record<string, ErrorConstructor> = { Error, RangeError, TypeError }

const misuses = new Map<number, Misuse>()
for (const line of native.errors.trimEnd().split('\n')) {
  const [number, code, constructor, message] = line.split('\t') as [string, string, string, string]
  misuses.set(Number(number), { code, constructor: constructors[constructor] ?? Error, message })
}

/** Codes that only the facade uses, with the class of their errors. */
const facadeCodes = {
  ABORT_ERR: Error,
  EPIPE: Error,
  ERR_BUILDER_CLOSED: Error,
  ERR_CLUSTER_SHARING: Error,
  ERR_CONNECTION_ABORTED: Error,
  ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: TypeError,
  ERR_ILLEGAL_CONSTRUCTOR: TypeError,
  ERR_INVALID_ADDRESS: TypeError,
  ERR_INVALID_ADDRESS_FAMILY: RangeError,
  ERR_INVALID_ARG_TYPE: TypeError,
  ERR_INVALID_ARG_VALUE: TypeError,
  ERR_INVALID_FD_TYPE: TypeError,
  ERR_INVALID_HANDLE_TYPE: TypeError,
  ERR_INVALID_IP_ADDRESS: TypeError,
  ERR_INVALID_STATE: Error,
  ERR_IP_BLOCKED: Error,
  ERR_MIO_BINDING_NOT_FOUND: Error,
  ERR_MISSING_ARGS: TypeError,
  ERR_OUT_OF_RANGE: RangeError,
  ERR_PENDING_LIMIT: Error,
  ERR_SERVER_ALREADY_LISTEN: Error,
  ERR_SERVER_NOT_RUNNING: Error,
  ERR_SOCKET_BAD_PORT: RangeError,
  ERR_SOCKET_CLOSED: Error,
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Error,
  ERR_SOCKET_CONNECTION_TIMEOUT: Error,
  ERR_SOCKET_HANDLE_ADOPTED: Error,
  ERR_STREAM_WRITE_AFTER_END: Error,
  ERR_UNKNOWN_ENCODING: TypeError,
} as const satisfies Record<string, ErrorConstructor>

/** All codes of misuse, for the test that compares them with the documentation. */
export const codes: readonly string[] = [
  ...new Set([...Object.keys(facadeCodes), ...[...misuses.values()].map(({ code }) => code)]),
].toSorted()

function make(
  constructor: ErrorConstructor,
  code: string,
  message: string,
  properties?: object,
): Error {
  const error = new constructor(message)
  return Object.assign(error, { code }, properties)
}

/** The only row of the native table with this code. */
function fromTable(code: string): Error {
  const row = [...misuses.values()].find((candidate) => candidate.code === code)
  return make(row?.constructor ?? Error, code, row?.message ?? code)
}

export function misuse(
  code: keyof typeof facadeCodes,
  message: string,
  properties?: object,
): Error {
  return make(facadeCodes[code], code, message, properties)
}

/** Where an operation failed: an address and its port; for a path, none, or -1 as Node has it. */
export interface Place {
  readonly address: string
  readonly port?: number | undefined
}

let known: Map<number, [string, string]> | undefined

/**
 * Names and texts of system errors, by number. Node makes the map anew each time that it is asked, which
 * costs more than everything else here.
 */
export function systemErrors(): Map<number, [string, string]> {
  return (known ??= getSystemErrorMap())
}

/** The number that this system has for an error; 0 if it has none. */
export function errnoOf(code: string): number {
  return [...systemErrors()].find(([, [name]]) => name === code)?.[0] ?? 0
}

/** The error of a native function's number, shaped as Node's system errors. */
export function failure(number: number, syscall: string, place?: Place): Error {
  const row = misuses.get(number)
  if (row !== undefined) return make(row.constructor, row.code, row.message)
  // A connect may answer it (a Unix socket's queue is full), and nothing tells when to go on.
  const errno = number === WOULD_BLOCK ? -constants.errno.EAGAIN : number
  const [code, text] = systemErrors().get(errno) ?? ['UNKNOWN', `system error ${errno}`]
  return make(Error, code, `${syscall} ${code}: ${text}${textOf(place)}`, {
    errno,
    syscall,
    ...(place === undefined ? {} : { address: place.address }),
    ...(place?.port === undefined ? {} : { port: place.port }),
  })
}

/**
 * As {@link failure}, of something that no code of the program's has caused: the stack would name
 * nothing but this package, and looking it up costs more than closing a socket.
 */
export function unrelatedFailure(number: number, syscall: string): Error {
  return unrelated(() => failure(number, syscall))
}

/** Makes an error without looking its stack up. */
export function unrelated(create: () => Error): Error {
  const limit = Error.stackTraceLimit
  setStackTraceLimit(0)
  try {
    return create()
  } finally {
    setStackTraceLimit(limit)
  }
}

function setStackTraceLimit(limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // Frozen: then the stack is made.
  }
}

function textOf(place: Place | undefined): string {
  if (place === undefined) return ''
  const { address, port = -1 } = place
  return port < 0 ? ` ${address}` : ` ${address}:${port}`
}

/** The error that the system would have made: one that only the facade found. */
export function systemError(code: string, syscall: string, place?: Place): Error {
  return failure(errnoOf(code), syscall, place)
}

/** What `node:dns` says of a name that has no address. */
export function notFound(hostname: string): Error {
  const properties = { errno: -3008, syscall: 'getaddrinfo', hostname }
  return make(Error, 'ENOTFOUND', `getaddrinfo ENOTFOUND ${hostname}`, properties)
}

/** The number, unless it means a failure. */
export function check(number: number, syscall: string): number {
  if (number < 0) throw failure(number, syscall)
  return number
}

/** The error of a connection that was gone before it could be accepted. */
export function connectionAborted(cause: Error): Error {
  const message = 'The connection was aborted before it was accepted; accept the next one'
  return misuse('ERR_CONNECTION_ABORTED', message, { cause, syscall: 'accept' })
}

export function invalidType(name: string, expected: string, value: unknown): Error {
  return invalidArgument('ERR_INVALID_ARG_TYPE', name, expected, value)
}

export function invalidValue(name: string, expected: string, value: unknown): Error {
  return invalidArgument('ERR_INVALID_ARG_VALUE', name, expected, value)
}

function invalidArgument(
  code: 'ERR_INVALID_ARG_TYPE' | 'ERR_INVALID_ARG_VALUE',
  name: string,
  expected: string,
  value: unknown,
): Error {
  const message = `The "${name}" argument must be ${expected}. Received ${describe(value)}`
  return misuse(code, message)
}

export function outOfRange(name: string, expected: string, value: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${describe(value)}`
  return misuse('ERR_OUT_OF_RANGE', message)
}

export function badPort(value: unknown): Error {
  const message = `The port must be an integer from 0 to 65535. Received ${describe(value)}`
  return misuse('ERR_SOCKET_BAD_PORT', message)
}

export function invalidAddress(value: unknown): Error {
  const message = `The address must be a literal IP address, with its port as in '127.0.0.1:80' or '[::1]:80'. Received ${describe(value)}`
  return misuse('ERR_INVALID_ADDRESS', message)
}

export function invalidHostname(name: string, value: unknown): Error {
  const message = `The "${name}" must be a literal IP address. Received ${describe(value)}`
  return misuse('ERR_INVALID_ADDRESS', message)
}

export function invalidState(message: string): Error {
  return misuse('ERR_INVALID_STATE', message)
}

export function builderClosed(): Error {
  return misuse('ERR_BUILDER_CLOSED', 'The builder was closed, or has made its socket')
}

export function invalidThis(): Error {
  return fromTable('ERR_INVALID_THIS')
}

export function pollBusy(): Error {
  return fromTable('ERR_INVALID_STATE')
}

export function pollClosed(): Error {
  return fromTable('ERR_POLL_CLOSED')
}

export function wakerClosed(): Error {
  return fromTable('ERR_WAKER_CLOSED')
}

export function engineClosed(): Error {
  return fromTable('ERR_ENGINE_CLOSED')
}

export function serverClosed(): Error {
  return fromTable('ERR_SERVER_CLOSED')
}

export function socketClosed(): Error {
  return fromTable('ERR_SOCKET_CLOSED')
}

export function writeAfterEnd(): Error {
  return misuse('ERR_STREAM_WRITE_AFTER_END', 'write after end')
}

export function bufferDetached(): Error {
  return fromTable('ERR_BUFFER_DETACHED')
}

export function bufferShared(): Error {
  const message = 'The buffer must not be backed by a SharedArrayBuffer'
  return misuse('ERR_INVALID_ARG_TYPE', message)
}

export function unknownEncoding(value: unknown): Error {
  const text = typeof value === 'string' ? value : describe(value)
  return misuse('ERR_UNKNOWN_ENCODING', `Unknown encoding: ${text}`)
}

export function unavailableHere(what: string): Error {
  return misuse(
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `${what} on this platform (${process.platform})`,
  )
}

export function illegalConstructor(): Error {
  return misuse('ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor')
}

/** What Node throws for an operation that a signal aborted. */
export function aborted(signal: AbortSignal): Error {
  const message = 'The operation was aborted'
  return misuse('ABORT_ERR', message, { name: 'AbortError', cause: signal.reason })
}

/** A value in few words. */
function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  try {
    const text = inspect(value, { depth: -1, customInspect: false, maxStringLength: 40 })
    return typeof value === 'object' ? text : `${typeof value} ${text}`
  } catch {
    // A getter of the value's own threw, which is not what is wrong with the argument.
    return typeof value
  }
}
