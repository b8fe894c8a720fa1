import { checkBoolean, checkInteger } from './check.ts'
import { illegalConstructor } from './errors.ts'
import { type Keepalive, type KeepaliveInit, keepaliveOf } from './keepalive.ts'
import { NONE, type OptionStore } from './option-store.ts'
import {
  checkNumbers,
  isNotTold,
  maxBytes,
  maxInt,
  maxUint32,
  textOf,
  valueOf,
} from './option-checks.ts'
import { secondsOf } from './seconds.ts'
import type { TcpInfo } from './tcp-info.ts'

const key = Symbol('SocketOptions')

/** For those who have options. */
export let socketOptionsOf: (store: OptionStore) => SocketOptions

/**
 * The options of a socket, as `socket.options`. Each method is one system call, and each option is
 * explained in docs/options.md: on which systems it is, what accepted sockets inherit, when it takes
 * effect. Never would-block, never asynchronous.
 *
 * @throws of all methods: `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` if this system does not have the
 * option; a system error if this kind of socket does not (`ENOPROTOOPT`, `ENOTSUP`) or the system
 * refuses (`EPERM`, `EINVAL`, …); `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 * `ERR_OUT_OF_RANGE` for a bad argument, without asking the system; `ERR_SOURCE_CLOSED`, for a builder
 * `ERR_BUILDER_CLOSED`, in the engine `ERR_SOCKET_CLOSED` and `ERR_SERVER_CLOSED`.
 *
 * @example
 * ```ts
 * import { UdpSocket } from 'mio-js'
 *
 * const socket = UdpSocket.bind('127.0.0.1:0')
 * const { options } = socket
 * options.setRecvBufferSize(65_536)
 * console.log(options.recvBufferSize() >= 65_536) // true
 * options.setTtl(32)
 * console.log(options.ttl()) // 32
 * socket.close()
 * ```
 */
export class SocketOptions {
  readonly #store: OptionStore

  private constructor(store: OptionStore, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.#store = store
  }

  static {
    socketOptionsOf = (store) => new SocketOptions(store, key)
  }

  /**
   * `SO_LINGER`: milliseconds that closing waits until the peer has acknowledged what was sent,
   * **blocking the thread that closes**; `null`, the default, for not at all. With 0 closing resets the
   * connection and drops what was not sent.
   */
  linger(): number | null {
    const seconds = this.#store.number('linger')
    return seconds === NONE ? null : seconds * 1000
  }

  /** Milliseconds from 0 to 65,535,000, rounded up to whole seconds; `null` for not at all. */
  setLinger(linger: number | null): void {
    if (linger === null) this.#store.setNumber('linger', NONE)
    else this.#store.setNumber('linger', secondsOf('linger', linger, 0, 65_535))
  }

  /** `SO_KEEPALIVE`, `TCP_KEEPIDLE`, `TCP_KEEPINTVL`, `TCP_KEEPCNT`. */
  keepalive(): Keepalive {
    const enabled = this.#flag('keepalive')
    const ms = (value: number | undefined): number | undefined => value && value * 1000
    return {
      enabled,
      time: ms(this.#known('keepaliveTime')),
      interval: ms(this.#known('keepaliveInterval')),
      count: this.#known('keepaliveCount'),
    }
  }

  /** Whether, or whether and when; everything is checked before anything is set. */
  setKeepalive(keepalive: boolean | KeepaliveInit): void {
    if (typeof keepalive === 'boolean') {
      this.#setFlag('keepalive', keepalive)
      return
    }
    const { enabled, numbers } = keepaliveOf(keepalive)
    for (const [name, value] of numbers) this.#store.setNumber(name, value)
    this.#setFlag('keepalive', enabled)
  }

  /** `TCP_NODELAY`: whether small writes leave at once. */
  nodelay(): boolean {
    return this.#flag('nodelay')
  }

  /** Sets {@link SocketOptions.nodelay}. */
  setNodelay(nodelay: boolean): void {
    this.#setFlag('nodelay', nodelay)
  }

  /** `SO_REUSEADDR`: whether a port may be bound that connections of a server before still have. On
   * Windows it lets any process take a port that is in use. Before `bind`. */
  reuseAddress(): boolean {
    return this.#flag('reuseAddress')
  }

  /** Sets {@link SocketOptions.reuseAddress}. */
  setReuseAddress(reuseAddress: boolean): void {
    this.#setFlag('reuseAddress', reuseAddress)
  }

  /** `SO_REUSEPORT`: whether several sockets of one user may have the same port; Linux spreads
   * connections and datagrams over them, and so does FreeBSD (`SO_REUSEPORT_LB`). Before `bind`. */
  reusePort(): boolean {
    return this.#flag('reusePort')
  }

  /** Sets {@link SocketOptions.reusePort}. */
  setReusePort(reusePort: boolean): void {
    this.#setFlag('reusePort', reusePort)
  }

  /** `IPV6_V6ONLY`: whether an IPv6 socket takes no IPv4. Before `bind`. */
  onlyV6(): boolean {
    return this.#flag('onlyV6')
  }

  /** Sets {@link SocketOptions.onlyV6}. */
  setOnlyV6(onlyV6: boolean): void {
    this.#setFlag('onlyV6', onlyV6)
  }

  /** `TCP_QUICKACK`: whether acknowledgements leave at once. The system turns it off again by itself. */
  quickAck(): boolean {
    return this.#flag('quickAck')
  }

  /** Sets {@link SocketOptions.quickAck}. */
  setQuickAck(quickAck: boolean): void {
    this.#setFlag('quickAck', quickAck)
  }

  /** `TCP_CORK`: whether only full segments leave, for at most 200 ms. */
  cork(): boolean {
    return this.#flag('cork')
  }

  /** Sets {@link SocketOptions.cork}. */
  setCork(cork: boolean): void {
    this.#setFlag('cork', cork)
  }

  /** `TCP_FASTOPEN_CONNECT`: whether the first write may leave with the SYN, to a peer that was met
   * before. Then `connect` only remembers the peer: write at once, as `finishConnect` is false and
   * nothing is sent until then. Before `connect`. */
  fastOpenConnect(): boolean {
    return this.#flag('fastOpenConnect')
  }

  /** Sets {@link SocketOptions.fastOpenConnect}. */
  setFastOpenConnect(fastOpenConnect: boolean): void {
    this.#setFlag('fastOpenConnect', fastOpenConnect)
  }

  /** `IP_FREEBIND`, `IPV6_FREEBIND`: whether an address may be bound that no interface has. Before `bind`. */
  freebind(): boolean {
    return this.#flag('freebind')
  }

  /** Sets {@link SocketOptions.freebind}. */
  setFreebind(freebind: boolean): void {
    this.#setFlag('freebind', freebind)
  }

  /** `IP_TRANSPARENT`, `IPV6_TRANSPARENT`: whether the address may be that of another host, for
   * transparent proxies. Needs `CAP_NET_ADMIN` or `CAP_NET_RAW`. Before `bind`. */
  transparent(): boolean {
    return this.#flag('transparent')
  }

  /** Sets {@link SocketOptions.transparent}. */
  setTransparent(transparent: boolean): void {
    this.#setFlag('transparent', transparent)
  }

  /** `SO_RCVBUF` in bytes. Linux doubles what is set, caps it (`net.core.rmem_max`), and tunes the size
   * no more by itself. */
  recvBufferSize(): number {
    return this.#store.number('recvBufferSize')
  }

  /** Bytes from 0 to 2^31 - 1. */
  setRecvBufferSize(recvBufferSize: number): void {
    this.#setInteger('recvBufferSize', recvBufferSize, 0, maxInt)
  }

  /** `SO_SNDBUF` in bytes; as {@link SocketOptions.recvBufferSize} (`net.core.wmem_max`). */
  sendBufferSize(): number {
    return this.#store.number('sendBufferSize')
  }

  /** Bytes from 0 to 2^31 - 1. */
  setSendBufferSize(sendBufferSize: number): void {
    this.#setInteger('sendBufferSize', sendBufferSize, 0, maxInt)
  }

  /** `IP_TTL`: how many hops a packet of IPv4 may travel. */
  ttl(): number {
    return this.#store.number('ttl')
  }

  /** From 1 to 255. */
  setTtl(ttl: number): void {
    this.#setInteger('ttl', ttl, 1, 255)
  }

  /** `IPV6_UNICAST_HOPS`: how many hops a packet of IPv6 may travel. */
  hopLimit(): number {
    return this.#store.number('hopLimit')
  }

  /** From 0 to 255. */
  setHopLimit(hopLimit: number): void {
    this.#setInteger('hopLimit', hopLimit, 0, 255)
  }

  /** `IP_TOS`: the byte of IPv4 with DSCP and ECN. For TCP the system keeps the two bits of ECN. */
  tos(): number {
    return this.#store.number('tos')
  }

  /** From 0 to 255. */
  setTos(tos: number): void {
    this.#setInteger('tos', tos, 0, 255)
  }

  /** `IPV6_TCLASS`: the same for IPv6. */
  tclass(): number {
    return this.#store.number('tclass')
  }

  /** From 0 to 255. */
  setTclass(tclass: number): void {
    this.#setInteger('tclass', tclass, 0, 255)
  }

  /** `TCP_USER_TIMEOUT`: milliseconds that sent bytes may stay unacknowledged until the connection
   * ends with `ETIMEDOUT`. 0 is the system's choice (Linux: about 15 minutes). */
  userTimeout(): number {
    return this.#store.number('userTimeout')
  }

  /** Milliseconds from 0 to 2^31 - 1. */
  setUserTimeout(userTimeout: number): void {
    this.#setInteger('userTimeout', userTimeout, 0, maxInt)
  }

  /** `TCP_FASTOPEN` of a listener: how many connections may wait whose first bytes came with the SYN;
   * 0 for none. Linux wants `net.ipv4.tcp_fastopen` to have the bit 2. */
  fastOpen(): number {
    return this.#store.number('fastOpen')
  }

  /** Connections, from 0 to 2^31 - 1. */
  setFastOpen(fastOpen: number): void {
    this.#setInteger('fastOpen', fastOpen, 0, maxInt)
  }

  /** `TCP_NOTSENT_LOWAT`: unsent bytes from which on a socket is not writable. */
  notSentLowat(): number {
    return this.#store.number('notSentLowat')
  }

  /** From 0 to 2^32 - 1. */
  setNotSentLowat(notSentLowat: number): void {
    this.#setInteger('notSentLowat', notSentLowat, 0, maxUint32)
  }

  /** `SO_MARK`: the mark of packets, 32 bits for routing and filters. Needs `CAP_NET_ADMIN` or `CAP_NET_RAW`. */
  mark(): number {
    return this.#store.number('mark')
  }

  /** From 0 to 2^32 - 1. */
  setMark(mark: number): void {
    this.#setInteger('mark', mark, 0, maxUint32)
  }

  /** `SO_BUSY_POLL`: microseconds to poll the device before a blocking wait. More needs `CAP_NET_ADMIN`. */
  busyPoll(): number {
    return this.#store.number('busyPoll')
  }

  /** Microseconds from 0 to 2^31 - 1. */
  setBusyPoll(busyPoll: number): void {
    this.#setInteger('busyPoll', busyPoll, 0, maxInt)
  }

  /** `TCP_MAXSEG`: bytes of a segment, before the connection an upper bound; 0 for the system's. Linux:
   * 88 to 32,767. */
  maxSegment(): number {
    return this.#store.number('maxSegment')
  }

  /** From 0 to 65,535. */
  setMaxSegment(maxSegment: number): void {
    this.#setInteger('maxSegment', maxSegment, 0, 65_535)
  }

  /** `SO_PRIORITY` of packets in queues of the system. Above 6 needs `CAP_NET_ADMIN`. */
  priority(): number {
    return this.#store.number('priority')
  }

  /** From 0 to 2^31 - 1. */
  setPriority(priority: number): void {
    this.#setInteger('priority', priority, 0, maxInt)
  }

  /** `SO_RCVLOWAT`: bytes from which on a socket is readable; 0 is 1. At the end of the stream it is
   * readable in any case. */
  recvLowat(): number {
    return this.#store.number('recvLowat')
  }

  /** From 0 to 2^31 - 1. */
  setRecvLowat(recvLowat: number): void {
    this.#setInteger('recvLowat', recvLowat, 0, maxInt)
  }

  /**
   * `TCP_DEFER_ACCEPT` of a listener: milliseconds for which a connection waits for its first bytes
   * before it can be accepted; 0 for not at all. Linux turns them into a number of retransmissions, so
   * that reading may give more.
   */
  deferAccept(): number {
    return this.#store.number('deferAccept') * 1000
  }

  /** Milliseconds from 0 to 2,147,483,000, rounded up to whole seconds. */
  setDeferAccept(deferAccept: number): void {
    const value = secondsOf('deferAccept', deferAccept, 0, Math.floor(maxInt / 1000))
    this.#store.setNumber('deferAccept', value)
  }

  /** `SO_INCOMING_CPU`: the number of the CPU that handles packets, or is preferred to; `null` for none. */
  incomingCpu(): number | null {
    const cpu = this.#store.number('incomingCpu')
    return cpu === NONE ? null : cpu
  }

  /** Of sockets that share a port by `reusePort`, the one of the packet's CPU is preferred. */
  setIncomingCpu(incomingCpu: number): void {
    this.#setInteger('incomingCpu', incomingCpu, 0, maxInt)
  }

  /** `SO_BINDTODEVICE`: the interface that packets must come by and go by; `null` for any. */
  bindDevice(): string | null {
    const device = this.#store.text('bindDevice')
    return device === '' ? null : device
  }

  /** A name of at most 15 bytes, or `null`. To change one needs `CAP_NET_RAW`. */
  setBindDevice(bindDevice: string | null): void {
    this.#store.setText('bindDevice', bindDevice === null ? '' : textOf('bindDevice', bindDevice))
  }

  /** `TCP_CONGESTION`: the way to control congestion, such as `cubic`. */
  congestion(): string {
    return this.#store.text('congestion')
  }

  /** A name of at most 15 bytes. Unknown ones are `ENOENT`; others than those allowed, `EPERM`. */
  setCongestion(congestion: string): void {
    this.#store.setText('congestion', textOf('congestion', congestion))
  }

  /** `TCP_INFO`, on macOS `TCP_CONNECTION_INFO`: what TCP knows of the connection now, frozen. */
  tcpInfo(): TcpInfo {
    return this.#store.tcpInfo()
  }

  /**
   * Any option by its numbers, of the levels in {@link SocketLevel}: at most `length` bytes, 1 to
   * 65,536, as many as the system has.
   *
   * @throws `ERR_OPTION_UNSAFE` for other levels, and options that could make the system write
   * elsewhere.
   */
  getOption(level: number, name: number, length = 256): Buffer {
    checkNumbers(level, name)
    checkInteger('length', length, 1, maxBytes)
    return this.#store.raw(level, name, length)
  }

  /**
   * Sets an option by its numbers. A number, -2^31 to 2^32 - 1, and a boolean become an `int`; bytes,
   * at most 65,536, are the value as it is.
   *
   * @throws as {@link SocketOptions.getOption}.
   */
  setOption(level: number, name: number, value: number | boolean | Uint8Array): void {
    checkNumbers(level, name)
    this.#store.setRaw(level, name, valueOf(value))
  }

  #flag(name: string): boolean {
    return this.#store.number(name) !== 0
  }

  #setFlag(name: string, value: unknown): void {
    checkBoolean(name, value)
    this.#store.setNumber(name, value === true ? 1 : 0)
  }

  #setInteger(name: string, value: number, min: number, max: number): void {
    checkInteger(name, value, min, max)
    this.#store.setNumber(name, value)
  }

  /** A number that not every system tells. */
  #known(name: string): number | undefined {
    try {
      return this.#store.number(name)
    } catch (error) {
      if (isNotTold(error)) return undefined
      throw error
    }
  }
}
