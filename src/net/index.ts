/**
 * `node:net` on the engine: change the import, and the system calls leave the JavaScript thread.
 * What is documented for `node:net` holds here, with the additions of {@link Socket} and
 * {@link Server}; every difference is in docs/net.md.
 *
 * The same as in `node:net` are `BlockList`, `SocketAddress`, `isIP`, `isIPv4`, `isIPv6`,
 * `getDefaultAutoSelectFamily`, `setDefaultAutoSelectFamily`, `getDefaultAutoSelectFamilyAttemptTimeout`,
 * `setDefaultAutoSelectFamilyAttemptTimeout`, and all types that have no page here. `default` has all values.
 *
 * @module
 */
import {
  BlockList,
  SocketAddress,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net'
import { normalizeArgs as _normalizeArgs } from './arguments.ts'
import { BoundSocket } from './bound-socket.ts'
import {
  type ConnectOptions,
  Server,
  type ServerOptions,
  Socket,
  type SocketOptions,
  adopt,
  connect,
  createServer,
} from './public.ts'

export type { BoundSocketOptions } from './bound-socket.ts'
export type { OnReadOptions } from './onread.ts'
export type { OptionName } from './option-names.ts'
export type { ConnectOptions, ServerOptions, SocketOptions }
// So that the types of a program come from the same place as its functions.
export type * from 'node:net'

/**
 * The same as {@link connect}.
 *
 * @example
 * ```ts
 * import { connect, createConnection } from 'mio-js/net'
 *
 * console.log(createConnection === connect) // true
 * ```
 */
export const createConnection = connect
/**
 * The same as {@link Socket}.
 *
 * @example
 * ```ts
 * import { Socket, Stream } from 'mio-js/net'
 *
 * console.log(Stream === Socket) // true
 * ```
 */
export const Stream = Socket
export { BoundSocket, Server, Socket, _normalizeArgs, adopt, connect, createServer }
export {
  BlockList,
  SocketAddress,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
}

/** @hidden */
export default {
  BlockList,
  BoundSocket,
  Server,
  Socket,
  SocketAddress,
  Stream,
  _normalizeArgs,
  adopt,
  connect,
  createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
}
