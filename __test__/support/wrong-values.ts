/** Values that hardly any parameter is for, and which parameters there are. */

export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** By name, so that a test can say which of them a parameter takes. */
export const wrongValues = {
  null: null,
  true: true,
  NaN: Number.NaN,
  '-1': -1,
  '1.5': 1.5,
  '2**53': 2 ** 53,
  huge: 1e308,
  '-Infinity': -Infinity,
  bigint: 1n,
  text: 'no such thing',
  symbol: Symbol('symbol'),
  function: () => {},
  date: new Date(0),
  array: [1],
  'number object': new Number(1),
  'number in disguise': { valueOf: () => 1, toString: () => '1' },
  'throws when looked at': {
    valueOf: () => {
      throw new Error('valueOf')
    },
    toString: () => {
      throw new Error('toString')
    },
  },
  'revoked proxy': revoked(),
} as const

export type WrongValue = keyof typeof wrongValues

const objects = [
  'date',
  'array',
  'number object',
  'number in disguise',
  'throws when looked at',
] as const

/** What of the wrong values is right, by kind of parameter. */
export const takes = {
  nothing: [],
  /** Options and handlers: own properties are read, and unknown ones ignored. */
  object: objects,
  objectOrBoolean: [...objects, 'true'],
  boolean: ['true'],
  function: ['function'],
  time: ['1.5'],
  anyTime: ['1.5', '2**53', 'huge', 'null'],
  text: ['text'],
  encoding: ['null'],
} as const satisfies Record<string, readonly WrongValue[]>

export type Kind = keyof typeof takes

const handlers = ['open', 'data', 'drain', 'end', 'timeout', 'close'].map(
  (name) => [`socket.${name}`, 'function'] as const,
)

/** Options of every kind of socket. A dot leads into an object. */
export const socketOptions: readonly (readonly [name: string, kind: Kind])[] = [
  ['socket', 'object'],
  ...handlers,
  ['data', 'function'],
  ['allowHalfOpen', 'boolean'],
  ['noDelay', 'boolean'],
  ['keepAlive', 'objectOrBoolean'],
  ['keepAlive.delay', 'time'],
  ['keepAlive.interval', 'time'],
  ['keepAlive.count', 'nothing'],
  ['borrow', 'boolean'],
  ['highWaterMark', 'nothing'],
  ['maxPending', 'nothing'],
  ['readBudget', 'nothing'],
  ['idleTimeout', 'time'],
  ['firstByteTimeout', 'time'],
  ['linger', 'time'],
]

/** A few of what goes to the system: each is checked by the spec of socket options. */
const systemOptions: typeof socketOptions = [
  ['options', 'object'],
  ['options.ttl', 'nothing'],
  ['options.nodelay', 'boolean'],
]

export const listenOptions: typeof socketOptions = [
  ...socketOptions,
  ['hostname', 'nothing'],
  ['port', 'nothing'],
  ['backlog', 'nothing'],
  ['reusePort', 'boolean'],
  ['ipv6Only', 'boolean'],
  ['maxConnections', 'nothing'],
  ...systemOptions,
]

export const connectOptions: typeof socketOptions = [
  ...socketOptions,
  ['port', 'nothing'],
  ['localAddress', 'nothing'],
  ['localPort', 'nothing'],
  ['signal', 'nothing'],
  ['timeout', 'anyTime'],
  ...systemOptions,
]

export const engineOptions: typeof socketOptions = [
  ['io', 'nothing'],
  ['threads', 'nothing'],
  ['maxPendingTotal', 'nothing'],
]

/** An object with this one option. */
export function bagOf(name: string, value: unknown): Record<string, unknown> {
  const [outer = '', inner] = name.split('.')
  return { [outer]: inner === undefined ? value : { [inner]: value } }
}
