/** What a program may say about sockets, and how it reaches native code: as numbers. */
import { checkBoolean, checkInteger, own } from '../check.ts'
import { badPort, invalidType, invalidValue, outOfRange } from '../errors.ts'
import { type Callbacks, type Handlers, callbacksOf } from './handlers.ts'

/**
 * Whether the system probes a silent peer. Milliseconds are rounded up to whole seconds.
 *
 * @example
 * ```ts
 * import { type KeepAlive, listen } from 'mio-js/engine'
 *
 * const keepAlive: KeepAlive = { delay: 60_000, interval: 10_000, count: 3 }
 * await listen({ hostname: '127.0.0.1', idleTimeout: 0, keepAlive }).close()
 * ```
 */
export interface KeepAlive {
  /** Milliseconds of silence before the first probe. Default, and 0: the system's (Linux: 2 hours). */
  readonly delay?: number | undefined
  /** Milliseconds between two probes. Default, and 0: the system's. */
  readonly interval?: number | undefined
  /** Unanswered probes until the connection is dead. Default, and 0: the system's. */
  readonly count?: number | undefined
}

/**
 * Options of every kind of socket. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * import { type ConnectionOptions, listen } from 'mio-js/engine'
 *
 * const limits: ConnectionOptions = {
 *   maxPending: 256 * 1024,
 *   idleTimeout: 30_000,
 *   keepAlive: true,
 * }
 * await listen({ hostname: '127.0.0.1', ...limits }).close()
 * ```
 */
export interface ConnectionOptions<T = undefined> {
  /** What is done when something happens to a socket. What has no handler is not told. */
  readonly socket?: Handlers<T> | undefined
  /** Makes the `data` of a socket; called before its `open`. */
  readonly data?: (() => T) | undefined
  /** Whether the socket stays open for writing when the peer has ended. Default: false. */
  readonly allowHalfOpen?: boolean | undefined
  /** `TCP_NODELAY`: small writes leave at once. Default: true. */
  readonly noDelay?: boolean | undefined
  /** Default: false. */
  readonly keepAlive?: boolean | KeepAlive | undefined
  /**
   * Whether `data` gets a view of memory that is used again as soon as it returns. Saves about
   * 80 ns for each chunk; a view that is kept shows bytes of other sockets. Default: false.
   */
  readonly borrow?: boolean | undefined
  /**
   * Whether the socket begins paused: nothing is read before its first `resume`, so that one that is
   * detached before that has no leftover. Default: false.
   */
  readonly paused?: boolean | undefined
  /** Bytes that may be buffered before `write` returns false. Default: 65,536. */
  readonly highWaterMark?: number | undefined
  /**
   * Bytes that may be buffered at all: a socket that has more of them when something is written is
   * closed with `ERR_PENDING_LIMIT`. Default: 1 MiB. `Infinity` for none.
   */
  readonly maxPending?: number | undefined
  /** Bytes that are read from one socket before it is the others' turn. Default: 256 KiB. */
  readonly readBudget?: number | undefined
  /**
   * Milliseconds after which a socket is closed with `ERR_IDLE_TIMEOUT` when nothing moves; 0 and
   * `Infinity` for none. Default: 120,000 for servers, else none.
   *
   * What the program writes and the peer takes always counts as movement. Received bytes count only
   * 64 at a time, so a peer that trickles a byte now and then is closed.
   */
  readonly idleTimeout?: number | undefined
  /**
   * Milliseconds until the first byte must have arrived, else the socket is closed with
   * `ERR_FIRST_BYTE_TIMEOUT`; 0 and `Infinity` for none. Default: 30,000 for servers, else none.
   */
  readonly firstByteTimeout?: number | undefined
  /**
   * Milliseconds that a closed socket may take until everything is written and the peer has closed
   * its side, too. If something is unsent then, the connection is reset, and `close` gets
   * `ETIMEDOUT`. Default: 5,000. 0 and `Infinity` are what they say: at once, and never (or after 24 days).
   */
  readonly linger?: number | undefined
}

/** What of the options concerns the facade. One object serves all sockets of a server. */
export interface Settings {
  readonly callbacks: Callbacks
  readonly data: (() => unknown) | undefined
  readonly highWaterMark: number
  readonly allowHalfOpen: boolean
  readonly borrow: boolean
  readonly paused: boolean
}

/** The places of the numbers that native code takes. Shared with the binding. */
export const Field = Object.freeze({
  HIGH_WATER_MARK: 0,
  MAX_PENDING: 1,
  READ_BUDGET: 2,
  IDLE_TIMEOUT: 3,
  FIRST_BYTE_TIMEOUT: 4,
  LINGER: 5,
  MAX_CONNECTIONS: 6,
  FLAGS: 7,
  KEEP_ALIVE_DELAY: 8,
  KEEP_ALIVE_INTERVAL: 9,
  KEEP_ALIVE_COUNT: 10,
  PORT: 11,
  BACKLOG: 12,
  INDEX: 13,
  GENERATION: 14,
  LOCAL_PORT: 15,
  /** Told by native code: 1 when an option was refused. */
  OPTION_REFUSED: 16,
  /** A descriptor instead of a new socket, -1 for none. */
  FD: 17,
} as const)

export const Flag = Object.freeze({
  NO_DELAY: 1,
  KEEP_ALIVE: 2,
  REUSE_PORT: 4,
  IPV6_ONLY: 8,
  PATH: 16,
  BORROW: 32,
  PAUSED: 64,
  /** Of named pipes. */
  READABLE_ALL: 128,
  WRITABLE_ALL: 256,
} as const)

export type Numbers = Float64Array

export function newNumbers(): Numbers {
  const numbers = new Float64Array(24)
  numbers[Field.FD] = -1
  return numbers
}

/** The deadlines that only servers have by default, in milliseconds. */
export interface Deadlines {
  readonly idleTimeout: number
  readonly firstByteTimeout: number
}

export const serverDeadlines: Deadlines = { idleTimeout: 120_000, firstByteTimeout: 30_000 }
export const clientDeadlines: Deadlines = { idleTimeout: 0, firstByteTimeout: 0 }

const maxTime = 2 ** 31 - 1

/** Reads {@link ConnectionOptions}: what is native code's business goes into `numbers`. */
export function settingsOf(bag: object, deadlines: Deadlines, numbers: Numbers): Settings {
  const settings = {
    callbacks: callbacksOf('options.socket', own(bag, 'socket')),
    data: functionOf(bag, 'data'),
    highWaterMark: limitOf(bag, 'highWaterMark', 0, 65_536),
    allowHalfOpen: flagOf(bag, 'allowHalfOpen', false),
    borrow: flagOf(bag, 'borrow', false),
    paused: flagOf(bag, 'paused', false),
  }
  numbers[Field.HIGH_WATER_MARK] = settings.highWaterMark
  numbers[Field.MAX_PENDING] = limitOf(bag, 'maxPending', 0, 2 ** 20)
  numbers[Field.READ_BUDGET] = limitOf(bag, 'readBudget', 1, 256 * 1024)
  numbers[Field.IDLE_TIMEOUT] = timeOf(bag, 'idleTimeout', deadlines.idleTimeout)
  numbers[Field.FIRST_BYTE_TIMEOUT] = timeOf(bag, 'firstByteTimeout', deadlines.firstByteTimeout)
  numbers[Field.LINGER] = lingerOf(own(bag, 'linger'))
  if (flagOf(bag, 'noDelay', true)) raise(numbers, Flag.NO_DELAY)
  if (settings.borrow) raise(numbers, Flag.BORROW)
  if (settings.paused) raise(numbers, Flag.PAUSED)
  readKeepAlive(own(bag, 'keepAlive'), numbers)
  return settings
}

export function raise(numbers: Numbers, flag: number): void {
  numbers[Field.FLAGS] = (numbers[Field.FLAGS] as number) | flag
}

export function lower(numbers: Numbers, flag: number): void {
  numbers[Field.FLAGS] = (numbers[Field.FLAGS] as number) & ~flag
}

function readKeepAlive(value: unknown, numbers: Numbers): void {
  if (value === undefined || value === false) return
  raise(numbers, Flag.KEEP_ALIVE)
  if (value === true) return
  if (typeof value !== 'object' || value === null) {
    throw invalidType('options.keepAlive', 'a boolean or an object', value)
  }
  const { delay, interval, count } = keepAliveOf(
    own(value, 'delay'),
    own(value, 'interval'),
    own(value, 'count'),
  )
  numbers[Field.KEEP_ALIVE_DELAY] = delay
  numbers[Field.KEEP_ALIVE_INTERVAL] = interval
  numbers[Field.KEEP_ALIVE_COUNT] = count
}

/** Seconds of milliseconds, and what they may be. */
export function keepAliveOf(
  delay: unknown = 0,
  interval: unknown = 0,
  count: unknown = 0,
): Required<{ [K in keyof KeepAlive]: number }> {
  checkInteger('count', count, 0, 127)
  return {
    delay: secondsOf('delay', delay),
    interval: secondsOf('interval', interval),
    count: count as number,
  }
}

function secondsOf(name: string, value: unknown): number {
  return Math.ceil(millisecondsOf(name, value) / 1000)
}

/** Whole milliseconds that fit into a timer, rounded up: 0 stays none. */
export function millisecondsOf(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (!(value >= 0 && value <= maxTime)) {
    throw outOfRange(name, `a number of milliseconds from 0 to ${maxTime}`, value)
  }
  return Math.ceil(value)
}

function timeOf(bag: object, name: string, fallback: number): number {
  const value = own(bag, name)
  if (value === undefined) return fallback
  return value === Infinity ? 0 : millisecondsOf(`options.${name}`, value)
}

function lingerOf(value: unknown): number {
  if (value === undefined) return 5000
  return value === Infinity ? maxTime : millisecondsOf('options.linger', value)
}

/** A whole number of at least `min`, or `Infinity`. */
export function limitOf(bag: object, name: string, min: number, fallback: number): number {
  const value = own(bag, name)
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw invalidType(`options.${name}`, 'a number', value)
  if (value !== Infinity && !(Number.isSafeInteger(value) && value >= min)) {
    throw outOfRange(`options.${name}`, `an integer of at least ${min}, or Infinity`, value)
  }
  return value
}

export function flagOf(bag: object, name: string, fallback: boolean): boolean {
  const value = own(bag, name)
  if (value === undefined) return fallback
  checkBoolean(`options.${name}`, value)
  return value as boolean
}

export function functionOf(bag: object, name: string): (() => unknown) | undefined {
  const value = own(bag, name)
  if (value === undefined || typeof value === 'function') return value as () => unknown
  throw invalidType(`options.${name}`, 'a function', value)
}

export function textOf(bag: object, name: string): string | undefined {
  const value = own(bag, name)
  if (value === undefined || typeof value === 'string') return value
  throw invalidType(`options.${name}`, 'a string', value)
}

/** The path of a Unix socket. A null byte may only begin it: a name without a file, on Linux. */
export function pathOf(bag: object): string | undefined {
  const path = textOf(bag, 'path')
  if (path === '' || path?.includes('\0', 1) === true) {
    throw invalidValue('options.path', 'a path that is not empty and has no null bytes', path)
  }
  return path
}

/** A port that must be given, or may be left to the system by leaving it out. */
export function portOf(value: unknown, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535) {
    return value
  }
  throw badPort(value)
}
