import type { Socket as Link } from '../engine/socket.ts'
import { isIPv6 } from 'node:net'

/** libuv's, whenever a program names a delay. */
const usualInterval = 1
const usualCount = 10

/** The most that Linux takes. */
const mostSeconds = 32_767
const mostProbes = 127

/** What systems refuse is not set, and no program is told. */
function taken(value: unknown, usual: number, most: number): number {
  const isTaken = Number.isInteger(value) && (value as number) > 0 && (value as number) <= most
  return isTaken ? (value as number) : usual
}

/** Keepalive times in seconds. Without a delay that systems take they stay the system's, which is 0. */
export function keepAliveTimes(
  delay: number,
  interval?: unknown,
  count?: unknown,
): { delay: number; interval: number; count: number } {
  if (!(delay > 0 && delay <= mostSeconds)) return { delay: 0, interval: 0, count: 0 }
  return {
    delay,
    interval: taken(interval, usualInterval, mostSeconds),
    count: taken(count, usualCount, mostProbes),
  }
}

/**
 * Options that a program may set at any time: what is set before there is a connection is
 * remembered, and what is set again does not reach the system again.
 */
export class WantedOptions {
  noDelay = false
  keepAlive = false
  /** Seconds. */
  delay = 0
  interval: number | undefined = undefined
  count: number | undefined = undefined
  typeOfService: number | undefined = undefined

  /** Sets everything on a new connection. */
  apply(link: Link<unknown>): void {
    if (this.noDelay) link.setNoDelay(true)
    if (this.keepAlive) this.#applyKeepAlive(link)
    if (this.typeOfService !== undefined) setTypeOfService(link, this.typeOfService)
  }

  setNoDelay(link: Link<unknown> | undefined, noDelay: boolean): void {
    if (link !== undefined && noDelay !== this.noDelay) link.setNoDelay(noDelay)
    this.noDelay = noDelay
  }

  setKeepAlive(
    link: Link<unknown> | undefined,
    keepAlive: boolean,
    delay: number,
    interval: number | undefined,
    count: number | undefined,
  ): void {
    const isSame =
      keepAlive === this.keepAlive &&
      (!keepAlive || (delay === this.delay && interval === this.interval && count === this.count))
    this.keepAlive = keepAlive
    this.delay = delay
    this.interval = interval
    this.count = count
    if (link !== undefined && !isSame) this.#applyKeepAlive(link)
  }

  #applyKeepAlive(link: Link<unknown>): void {
    const { delay, interval, count } = keepAliveTimes(this.delay, this.interval, this.count)
    link.setKeepAlive(this.keepAlive, delay * 1000, interval * 1000, count)
  }

  setTypeOfService(link: Link<unknown> | undefined, tos: number): void {
    if (link !== undefined && tos !== this.typeOfService) setTypeOfService(link, tos)
    this.typeOfService = tos
  }

  getTypeOfService(link: Link<unknown> | undefined): number {
    const cached = this.typeOfService ?? 0
    if (link?.localAddress === undefined) return cached
    return isSix(link) ? link.options.tclass() : link.options.tos()
  }
}

function setTypeOfService(link: Link<unknown>, tos: number): void {
  // Windows restricts it, and Node ignores that as well; a Unix socket has none.
  if (process.platform === 'win32' || link.localAddress === undefined) return
  if (isSix(link)) link.options.setTclass(tos)
  else link.options.setTos(tos)
}

function isSix({ localAddress }: Link<unknown>): boolean {
  return isIPv6(localAddress ?? '')
}
