/** How Linux has the options with names: a second list of them, to compare with. */
import type { SocketOptions } from 'mio-js'

/** Level, number, and how `unpack` of Perl reads the value. */
export type Place = readonly [level: number, name: number, template: string]

/** Each option as a test sets it, and what the system says then. */
export interface Sample {
  readonly name: string
  readonly places: readonly Place[]
  set(options: SocketOptions): void
  get(options: SocketOptions): unknown
  /** What the getter returns after that. */
  readonly value: unknown
  /** What another program reads after that. */
  readonly read: string
  /** Where it can be set: on a socket that is nothing yet, a listener, or a connection. */
  readonly on: string
  readonly family: 'IPv4' | 'IPv6'
  /** Whether it needs a capability. */
  readonly privileged: boolean
}

const everywhere = 'builder listener stream'

function sample(
  name: string,
  places: readonly Place[],
  argument: unknown,
  read: string,
  rest: Partial<Sample> = {},
): Sample {
  const call = (options: SocketOptions, method: string, ...values: unknown[]): unknown =>
    (options as unknown as Record<string, (...values: unknown[]) => unknown>)[method]?.(...values)
  const setter = `set${name[0]?.toUpperCase()}${name.slice(1)}`
  return {
    name,
    places,
    set: (options) => void call(options, setter, argument),
    get: (options) => call(options, name),
    value: argument,
    read,
    on: everywhere,
    family: 'IPv4',
    privileged: false,
    ...rest,
  }
}

const keepalive: readonly Place[] = [
  [1, 9, 'i'],
  [6, 4, 'i'],
  [6, 5, 'i'],
  [6, 6, 'i'],
]

/** In the order of the class. */
export const samples: readonly Sample[] = [
  sample('linger', [[1, 13, 'ii']], 2500, '1 3', { value: 3000 }),
  sample('keepalive', keepalive, { time: 30_001, interval: 5000, count: 7 }, '1 31 5 7', {
    value: { enabled: true, time: 31_000, interval: 5000, count: 7 },
  }),
  sample('nodelay', [[6, 1, 'i']], true, '1'),
  sample('reuseAddress', [[1, 2, 'i']], true, '1'),
  sample('reusePort', [[1, 15, 'i']], true, '1'),
  sample('onlyV6', [[41, 26, 'i']], true, '1', { on: 'builder', family: 'IPv6' }),
  sample('quickAck', [[6, 12, 'i']], false, '0'),
  sample('cork', [[6, 3, 'i']], true, '1'),
  sample('fastOpenConnect', [[6, 30, 'i']], true, '1', { on: 'builder' }),
  sample('freebind', [[0, 15, 'i']], true, '1'),
  sample('freebind', [[41, 78, 'i']], true, '1', { family: 'IPv6' }),
  sample('transparent', [[0, 19, 'i']], true, '1', { privileged: true }),
  sample('transparent', [[41, 75, 'i']], true, '1', { family: 'IPv6', privileged: true }),
  sample('recvBufferSize', [[1, 8, 'i']], 40_000, '80000', { value: 80_000 }),
  sample('sendBufferSize', [[1, 7, 'i']], 50_000, '100000', { value: 100_000 }),
  sample('ttl', [[0, 2, 'i']], 33, '33'),
  sample('hopLimit', [[41, 16, 'i']], 44, '44', { family: 'IPv6' }),
  sample('tos', [[0, 1, 'i']], 0x28, '40'),
  sample('tclass', [[41, 67, 'i']], 0x28, '40', { family: 'IPv6' }),
  sample('userTimeout', [[6, 18, 'i']], 12_345, '12345'),
  sample('fastOpen', [[6, 23, 'i']], 5, '5', { on: 'builder listener' }),
  sample('notSentLowat', [[6, 25, 'I']], 3_000_000_000, '3000000000'),
  sample('mark', [[1, 36, 'I']], 4_000_000_000, '4000000000', { privileged: true }),
  sample('busyPoll', [[1, 46, 'i']], 50, '50', { privileged: true }),
  sample('maxSegment', [[6, 2, 'i']], 1000, '1000', { on: 'builder listener' }),
  sample('priority', [[1, 12, 'i']], 4, '4'),
  sample('recvLowat', [[1, 18, 'i']], 100, '100'),
  sample('deferAccept', [[6, 9, 'i']], 6001, '7', { value: 7000 }),
  sample('incomingCpu', [[1, 49, 'i']], 0, '0'),
  sample('bindDevice', [[1, 25, 'Z*']], 'lo', 'lo', { privileged: true }),
  sample('congestion', [[6, 13, 'Z*']], 'reno', 'reno'),
]

/** Whether this process may set those that need a capability. */
export const isPrivileged = process.getuid?.() === 0

/** The samples that fit. */
export function samplesFor(on: string, family: 'IPv4' | 'IPv6'): Sample[] {
  return samples.filter(
    (one) => one.on.includes(on) && one.family === family && (isPrivileged || !one.privileged),
  )
}
