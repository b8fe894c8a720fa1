/**
 * What an operation returns that cannot be done right now: the name of `null`. Not an error: wait
 * for the next event of the source, then try again.
 *
 * @example
 * ```ts
 * import { TcpListener, WouldBlock } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * console.log(listener.accept() === WouldBlock) // true
 * listener.close()
 * ```
 */
export const WouldBlock = null
