import { checkBoolean, checkInteger, own } from './check.ts'
import { invalidType } from './errors.ts'
import { secondsOf } from './seconds.ts'

/**
 * Whether the system probes a silent peer, and when: {@link SocketOptions.keepalive}.
 *
 * @example
 * ```ts
 * import { type Keepalive, TcpListener } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const keepalive: Keepalive = listener.options.keepalive()
 * console.log(keepalive.enabled) // false
 * listener.close()
 * ```
 */
export interface Keepalive {
  /** Whether it probes. */
  readonly enabled: boolean
  /** Milliseconds of silence before the first probe; `undefined` where the system does not tell. */
  readonly time: number | undefined
  /** Milliseconds between two probes; likewise. */
  readonly interval: number | undefined
  /** The number of unanswered probes until the connection is dead; likewise. */
  readonly count: number | undefined
}

/**
 * What {@link SocketOptions.setKeepalive} takes; what is not given stays as it is.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { type KeepaliveInit, TcpListener } from 'mio-js'
 *
 * const afterAMinute: KeepaliveInit = { time: 60_000, interval: 10_000, count: 3 }
 * const listener = TcpListener.bind('127.0.0.1:0') // accepted streams inherit it
 * listener.options.setKeepalive(afterAMinute)
 * console.log(listener.options.keepalive().time) // 60000
 * listener.close()
 * ```
 */
export interface KeepaliveInit {
  /** Default: true. */
  readonly enabled?: boolean | undefined
  /** Milliseconds, rounded up to whole seconds: 1 to 32,767,000. */
  readonly time?: number | undefined
  /** Milliseconds, likewise. */
  readonly interval?: number | undefined
  /** 1 to 127. */
  readonly count?: number | undefined
}

/** Seconds that Linux takes. */
const maxSeconds = 32_767

/** What is to be set: whether, and the numbers by their native names. */
export function keepaliveOf(keepalive: unknown): { enabled: boolean; numbers: [string, number][] } {
  if (typeof keepalive !== 'object' || keepalive === null) {
    throw invalidType('keepalive', 'a boolean or an object', keepalive)
  }
  const enabled = own(keepalive, 'enabled') ?? true
  checkBoolean('keepalive.enabled', enabled)
  const numbers: [string, number][] = []
  const time = own(keepalive, 'time')
  if (time !== undefined) {
    numbers.push(['keepaliveTime', secondsOf('keepalive.time', time, 1, maxSeconds)])
  }
  const interval = own(keepalive, 'interval')
  if (interval !== undefined) {
    numbers.push(['keepaliveInterval', secondsOf('keepalive.interval', interval, 1, maxSeconds)])
  }
  const count = own(keepalive, 'count')
  if (count !== undefined) {
    checkInteger('keepalive.count', count, 1, 127)
    numbers.push(['keepaliveCount', count as number])
  }
  return { enabled: enabled as boolean, numbers }
}
