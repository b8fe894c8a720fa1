import { own } from '../check.ts'
import { invalidType } from '../errors.ts'
import type { Socket } from './socket.ts'

/**
 * What a program does when something happens to a socket. One set of functions serves all sockets of
 * a server. They are called without `this`, never from within a call of the program's own, and at
 * most once per socket and turn: promises and `process.nextTick` run before the next event of the
 * same socket.
 *
 * One that throws makes an `uncaughtException`, an async one that rejects an `unhandledRejection`;
 * other events still come.
 *
 * @example
 * ```ts
 * import { type Handlers, connect, listen } from 'mio-js/engine'
 *
 * const handlers: Handlers<{ received: number }> = {
 *   data(socket, chunk) {
 *     socket.data.received += chunk.length
 *   },
 *   close(socket, error) {
 *     console.log(socket.data.received, error) // 5 undefined
 *   },
 * }
 * const server = listen({ hostname: '127.0.0.1', data: () => ({ received: 0 }), socket: handlers })
 * const client = await connect({ hostname: '127.0.0.1', port: server.port })
 * client.end('hello')
 * await server.close()
 * ```
 */
export interface Handlers<T = undefined> {
  /** The socket is connected, and nothing else was called for it. */
  readonly open?: ((socket: Socket<T>) => unknown) | undefined
  /**
   * Bytes arrived. The chunk belongs to the program and has memory of its own, unless `borrow` was
   * set.
   */
  readonly data?: ((socket: Socket<T>, chunk: Buffer) => unknown) | undefined
  /** All that was written is with the system, after `write` or `tryWrite` did not take everything. */
  readonly drain?: ((socket: Socket<T>) => unknown) | undefined
  /**
   * The peer sends no more. Unless `allowHalfOpen` was set the socket is ended as well when this
   * returns.
   */
  readonly end?: ((socket: Socket<T>) => unknown) | undefined
  /** Nothing was received or sent for the time of {@link Socket.setTimeout}; nothing is closed. */
  readonly timeout?: ((socket: Socket<T>) => unknown) | undefined
  /**
   * The socket is closed, with the reason if it was an error. Comes exactly once, last, for every
   * socket that was open.
   */
  readonly close?: ((socket: Socket<T>, error: Error | undefined) => unknown) | undefined
}

type Callback<Value> = ((socket: Socket<unknown>, value: Value) => unknown) | undefined

/** The functions of {@link Handlers}, always the same properties in the same order. */
export interface Callbacks {
  open: Callback<undefined>
  data: Callback<Buffer>
  drain: Callback<undefined>
  end: Callback<undefined>
  timeout: Callback<undefined>
  close: Callback<Error | undefined>
}

/**
 * Reads handlers, each once.
 *
 * @throws `ERR_INVALID_ARG_TYPE` for what is no object, or a property that is no function.
 */
export function callbacksOf(name: string, value: unknown): Callbacks {
  const handlers = value === undefined ? {} : value
  if (typeof handlers !== 'object' || handlers === null) {
    throw invalidType(name, 'an object', value)
  }
  return {
    open: callback(name, handlers, 'open'),
    data: callback(name, handlers, 'data'),
    drain: callback(name, handlers, 'drain'),
    end: callback(name, handlers, 'end'),
    timeout: callback(name, handlers, 'timeout'),
    close: callback(name, handlers, 'close'),
  }
}

function callback<Value>(name: string, handlers: object, event: string): Callback<Value> {
  const value = own(handlers, event)
  if (value === undefined || typeof value === 'function') return value as Callback<Value>
  throw invalidType(`${name}.${event}`, 'a function', value)
}
