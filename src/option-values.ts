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
  readonly linger?: number | null | undefined
  readonly keepalive?: boolean | KeepaliveInit | undefined
  readonly nodelay?: boolean | undefined
  readonly recvBufferSize?: number | undefined
  readonly sendBufferSize?: number | undefined
  readonly reuseAddress?: boolean | undefined
  readonly reusePort?: boolean | undefined
  readonly onlyV6?: boolean | undefined
  readonly ttl?: number | undefined
  readonly hopLimit?: number | undefined
  readonly tos?: number | undefined
  readonly tclass?: number | undefined
  readonly userTimeout?: number | undefined
  readonly quickAck?: boolean | undefined
  readonly cork?: boolean | undefined
  readonly fastOpen?: number | undefined
  readonly fastOpenConnect?: boolean | undefined
  readonly deferAccept?: number | undefined
  readonly notSentLowat?: number | undefined
  readonly mark?: number | undefined
  readonly bindDevice?: string | null | undefined
  readonly freebind?: boolean | undefined
  readonly transparent?: boolean | undefined
  readonly busyPoll?: number | undefined
  readonly incomingCpu?: number | undefined
  readonly maxSegment?: number | undefined
  readonly congestion?: string | undefined
  readonly priority?: number | undefined
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
