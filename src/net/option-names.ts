import { socketIsClosed, wrongType, wrongValue } from './errors.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'
import type { SocketOptionValues } from '../option-values.ts'
import type { SocketOptions } from '../socket-options.ts'

/**
 * The names of options, as {@link SocketOptions} has them.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type AddressInfo, type OptionName, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.resume().end()).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume()
 * await once(socket, 'connect')
 * const name: OptionName = 'nodelay'
 * socket.setOption(name, true)
 * console.log(socket.getOption(name)) // true
 * socket.end()
 * await once(socket, 'close')
 * server.close()
 * await once(server, 'close')
 * ```
 */
export type OptionName = keyof SocketOptionValues

type Methods = Record<string, ((...args: unknown[]) => unknown) | undefined>

/** By a name of ours, or by level, name and length as numbers. */
export function readOption(
  socket: Socket,
  name: OptionName | number,
  rest: readonly number[],
): unknown {
  const options = optionsOf(socket)
  if (typeof name === 'number') {
    return options.getOption(name, rest[0] as number, ...rest.slice(1, 2))
  }
  return methodOf(options, name, name).call(options)
}

/** By a name of ours and its values, or by level, name and value. */
export function writeOption(
  socket: Socket,
  name: OptionName | number,
  rest: readonly unknown[],
): void {
  const options = optionsOf(socket)
  if (typeof name === 'number') {
    options.setOption(name, rest[0] as number, rest[1] as number)
    return
  }
  if (typeof name !== 'string') throw wrongType('name', 'one of type string or number', name)
  const setter = `set${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  methodOf(options, setter, name).call(options, ...rest)
}

function optionsOf(socket: Socket): SocketOptions {
  const { link } = stateOf(socket)
  if (link === undefined) throw socketIsClosed()
  return link.options
}

function methodOf(
  options: SocketOptions,
  method: string,
  name: unknown,
): (...args: unknown[]) => unknown {
  const found = (options as unknown as Methods)[method]
  const isOption = typeof found === 'function' && !generic.has(method)
  if (!isOption) throw wrongValue('name', name, 'is no socket option')
  return found
}

/** Methods that are no single option. */
const generic = new Set(['constructor', 'getOption', 'setOption', 'toString', 'valueOf'])
