/**
 * Level numbers of {@link SocketOptions.getOption}, as this system has them.
 *
 * @example
 * ```ts
 * // Linux alone.
 * import { SocketLevel, TcpListener } from 'mio-js'
 *
 * const SO_ACCEPTCONN = 30
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const bytes = listener.options.getOption(SocketLevel.SOCKET, SO_ACCEPTCONN)
 * console.log(bytes.readInt32LE()) // 1
 * listener.close()
 * ```
 */
export const SocketLevel = Object.freeze({
  /** `SOL_SOCKET` */
  SOCKET: process.platform === 'linux' || process.platform === 'android' ? 1 : 0xffff,
  /** `IPPROTO_IP` */
  IP: 0,
  /** `IPPROTO_TCP` */
  TCP: 6,
  /** `IPPROTO_UDP` */
  UDP: 17,
  /** `IPPROTO_IPV6` */
  IPV6: 41,
})
