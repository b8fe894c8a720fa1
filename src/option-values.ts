import { own } from './check.ts'
import { invalidType } from './errors.ts'
import type { RecordedOptions } from './option-store.ts'
import type { KeepaliveInit } from './keepalive.ts'
import { type SocketOptions, socketOptionsOf } from './socket-options.ts'

/**
 * Options that a socket has from the beginning, by the names and with the values of
 * {@link SocketOptions}: `{ mark: 7 }` is `setMark(7)`. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * import { type SocketOptionValues, listen } from 'mio-js/engine'
 *
 * const options: SocketOptionValues = { recvBufferSize: 131_072, ttl: 32 }
 * const server = listen({ hostname: '127.0.0.1', options })
 * console.log(server.options.ttl()) // 32
 * await server.close()
 * ```
 */
export interface SocketOptionValues {
  /** Milliseconds, 0 to 65,535,000, or `null`: {@link SocketOptions.setLinger}. */
  readonly linger?: number | null | undefined
  /** Whether, or whether and when: {@link SocketOptions.setKeepalive}. */
  readonly keepalive?: boolean | KeepaliveInit | undefined
  /** {@link SocketOptions.nodelay}. */
  readonly nodelay?: boolean | undefined
  /** Bytes, 0 to 2^31 - 1: {@link SocketOptions.setRecvBufferSize}. */
  readonly recvBufferSize?: number | undefined
  /** Bytes, 0 to 2^31 - 1: {@link SocketOptions.setSendBufferSize}. */
  readonly sendBufferSize?: number | undefined
  /** {@link SocketOptions.reuseAddress}. */
  readonly reuseAddress?: boolean | undefined
  /** {@link SocketOptions.reusePort}. */
  readonly reusePort?: boolean | undefined
  /** {@link SocketOptions.onlyV6}. */
  readonly onlyV6?: boolean | undefined
  /** 1 to 255: {@link SocketOptions.setTtl}. */
  readonly ttl?: number | undefined
  /** 0 to 255: {@link SocketOptions.setHopLimit}. */
  readonly hopLimit?: number | undefined
  /** 0 to 255: {@link SocketOptions.setTos}. */
  readonly tos?: number | undefined
  /** 0 to 255: {@link SocketOptions.setTclass}. */
  readonly tclass?: number | undefined
  /** Milliseconds, 0 to 2^31 - 1: {@link SocketOptions.setUserTimeout}. */
  readonly userTimeout?: number | undefined
  /** {@link SocketOptions.quickAck}. */
  readonly quickAck?: boolean | undefined
  /** {@link SocketOptions.cork}. */
  readonly cork?: boolean | undefined
  /** Connections, 0 to 2^31 - 1: {@link SocketOptions.setFastOpen}. */
  readonly fastOpen?: number | undefined
  /** {@link SocketOptions.fastOpenConnect}. */
  readonly fastOpenConnect?: boolean | undefined
  /** Milliseconds, 0 to 2,147,483,000: {@link SocketOptions.setDeferAccept}. */
  readonly deferAccept?: number | undefined
  /** Bytes, 0 to 2^32 - 1: {@link SocketOptions.setNotSentLowat}. */
  readonly notSentLowat?: number | undefined
  /** 0 to 2^32 - 1: {@link SocketOptions.setMark}. */
  readonly mark?: number | undefined
  /** A name of at most 15 bytes, or `null`: {@link SocketOptions.setBindDevice}. */
  readonly bindDevice?: string | null | undefined
  /** {@link SocketOptions.freebind}. */
  readonly freebind?: boolean | undefined
  /** {@link SocketOptions.transparent}. */
  readonly transparent?: boolean | undefined
  /** Microseconds, 0 to 2^31 - 1: {@link SocketOptions.setBusyPoll}. */
  readonly busyPoll?: number | undefined
  /** The number of a CPU: {@link SocketOptions.setIncomingCpu}. */
  readonly incomingCpu?: number | undefined
  /** Bytes, 0 to 65,535: {@link SocketOptions.setMaxSegment}. */
  readonly maxSegment?: number | undefined
  /** A name of at most 15 bytes: {@link SocketOptions.setCongestion}. */
  readonly congestion?: string | undefined
  /** 0 to 2^31 - 1: {@link SocketOptions.setPriority}. */
  readonly priority?: number | undefined
  /** Bytes, 0 to 2^31 - 1: {@link SocketOptions.setRecvLowat}. */
  readonly recvLowat?: number | undefined
}

/** In this order they are set. */
const setters = {
  linger: (options, value) => options.setLinger(value),
  keepalive: (options, value) => options.setKeepalive(value),
  nodelay: (options, value) => options.setNodelay(value),
  recvBufferSize: (options, value) => options.setRecvBufferSize(value),
  sendBufferSize: (options, value) => options.setSendBufferSize(value),
  reuseAddress: (options, value) => options.setReuseAddress(value),
  reusePort: (options, value) => options.setReusePort(value),
  onlyV6: (options, value) => options.setOnlyV6(value),
  ttl: (options, value) => options.setTtl(value),
  hopLimit: (options, value) => options.setHopLimit(value),
  tos: (options, value) => options.setTos(value),
  tclass: (options, value) => options.setTclass(value),
  userTimeout: (options, value) => options.setUserTimeout(value),
  quickAck: (options, value) => options.setQuickAck(value),
  cork: (options, value) => options.setCork(value),
  fastOpen: (options, value) => options.setFastOpen(value),
  fastOpenConnect: (options, value) => options.setFastOpenConnect(value),
  deferAccept: (options, value) => options.setDeferAccept(value),
  notSentLowat: (options, value) => options.setNotSentLowat(value),
  mark: (options, value) => options.setMark(value),
  bindDevice: (options, value) => options.setBindDevice(value),
  freebind: (options, value) => options.setFreebind(value),
  transparent: (options, value) => options.setTransparent(value),
  busyPoll: (options, value) => options.setBusyPoll(value),
  incomingCpu: (options, value) => options.setIncomingCpu(value),
  maxSegment: (options, value) => options.setMaxSegment(value),
  congestion: (options, value) => options.setCongestion(value),
  priority: (options, value) => options.setPriority(value),
  recvLowat: (options, value) => options.setRecvLowat(value),
} satisfies {
  [K in keyof SocketOptionValues]: (
    options: SocketOptions,
    value: NonNullable<SocketOptionValues[K]>,
  ) => void
}

/** All of them. */
export const optionNames = Object.keys(setters) as (keyof SocketOptionValues)[]

/** The `options` of a bag, checked, in the form that native code takes. */
export function record(bag: object, recorded: RecordedOptions): Uint8Array {
  const value = own(bag, 'options')
  if (value === undefined) return recorded.bytes
  if (typeof value !== 'object' || value === null) {
    throw invalidType('options.options', 'an object', value)
  }
  const options = socketOptionsOf(recorded)
  for (const name of optionNames) {
    const wanted = own(value, name)
    if (wanted !== undefined) setters[name](options, wanted as never)
  }
  return recorded.bytes
}
