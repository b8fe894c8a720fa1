/** Level numbers of {@link SocketOptions.getOption}, as this system has them. */
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
