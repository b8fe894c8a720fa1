import { native } from './binding.ts'
import type { BuilderFamily } from './builder.ts'
import { checkBoolean, checkInteger } from './check.ts'
import { type Datagrams, receiveMany, sendMany } from './datagrams.ts'
import { receiveAll } from './drain.ts'
import { check, failure, invalidHostname, invalidThis, invalidType } from './errors.ts'
import { IpSocket } from './ip-socket.ts'
import { Kind } from './kind.ts'
import { onUnix, onWindows } from './raw.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import {
  type Address,
  type SocketAddr,
  type SocketAddrInit,
  addressOf,
  decodeScratch,
  scratch,
} from './socket-addr.ts'
import { handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'
import { type UdpSocketBuilder, udpBuilder } from './udp-builder.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { udpReceive, udpSend, udpSendTo } = native

/** How a datagram is received: bits, and both of them. */
const PEEK = 1
const FROM = 2
const PEEK_FROM = 3

/**
 * A UDP socket. Readable when a datagram waits, or an error does.
 *
 * Operations never block: `null` means not now, and that the next event tells when. After an event,
 * receive until `null`. A datagram may be empty: that is 0, and no end. Buffers, offsets and lengths
 * are as with {@link TcpStream}.
 *
 * A datagram that is longer than the room for it is cut, and the rest of it is lost. That shows in the
 * count, which is larger than the room: on Linux and Android it is the datagram's length, elsewhere
 * (Windows' `WSAEMSGSIZE` included) one more than the room. So a buffer without room still takes a
 * datagram.
 *
 * When an earlier datagram reached nobody, the system may say so once: `ECONNREFUSED` of a connected
 * socket, on Windows `ECONNRESET` of any. Whichever operation comes first throws it, and the socket
 * works on.
 *
 * @example
 * ```ts
 * import { Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const [a, b] = [UdpSocket.bind('127.0.0.1:0'), UdpSocket.bind('127.0.0.1:0')]
 * poll.registry.register(b, Token(0), Interest.READABLE)
 *
 * a.sendTo(Buffer.from('hello'), b.localAddr())
 * await poll.pollAsync(events)
 * const buffer = Buffer.alloc(1500)
 * b.recvAll(buffer, (count, from) => {
 *   console.log(buffer.toString('utf8', 0, count), from.port === a.localAddr().port) // hello true
 * })
 * for (const open of [a, b, poll]) open.close()
 * ```
 */
export class UdpSocket extends IpSocket {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  /**
   * Binds. Port 0 lets the system choose: see {@link IpSocket.localAddr}. `SO_REUSEADDR` is not set.
   * Whether `[::]` also takes IPv4 is the system's default: see {@link UdpSocket.onlyV6}.
   *
   * @throws `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`; a system error with `address` and `port`: `EADDRINUSE`, `EACCES`,
   * `EADDRNOTAVAIL`, `EAFNOSUPPORT`, `EMFILE`; `EINVAL` for a link-local address without a scope.
   */
  static override bind(address: SocketAddrInit | string): UdpSocket {
    const at = addressOf(address)
    const handle = native.udpBind(at.address, at.port, at.flowinfo, at.scopeId)
    if (handle < 0) throw failure(handle, 'bind', at)
    return new UdpSocket(handle, key)
  }

  /**
   * A socket whose options can be set before it is bound. `of` is its family, or an address of it.
   *
   * @throws `ERR_INVALID_ADDRESS`, …; `EAFNOSUPPORT`, `EMFILE`.
   */
  static builder(of: BuilderFamily): UdpSocketBuilder {
    return udpBuilder(of, (handle) => new UdpSocket(handle, key))
  }

  /**
   * Takes ownership of a descriptor of a UDP socket, and makes it non-blocking and close-on-exec:
   * nothing else may close it from now on.
   *
   * @throws as {@link TcpListener.fromRawFd}.
   */
  static fromRawFd(fd: number): UdpSocket {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return new UdpSocket(check(onUnix(fd, native.udpFromRaw), 'fd'), key)
  }

  /** As {@link UdpSocket.fromRawFd}, for Windows alone: a `SOCKET`. */
  static fromRawSocket(socket: number): UdpSocket {
    checkInteger('socket', socket, 0, 2 ** 32 - 1)
    return new UdpSocket(check(onWindows(socket, native.udpFromRaw), 'socket'), key)
  }

  /**
   * Takes over a socket that {@link UdpSocket.share} gave away, in whichever thread, with the
   * datagrams that wait.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'UdpSocket'>): UdpSocket {
    return new UdpSocket(takeShared(shared, 'UdpSocket'), key)
  }

  /** Gives the socket to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'UdpSocket'> {
    return share(this, 'UdpSocket')
  }

  /**
   * Sets the peer that {@link UdpSocket.send} sends to and that alone is received from; datagrams of
   * others that wait already stay. Can be repeated with another peer. Sends nothing.
   *
   * @throws as {@link UdpSocket.bind}; `ENETUNREACH`; `EACCES` for a broadcast address without
   * {@link UdpSocket.setBroadcast}.
   */
  connect(address: SocketAddrInit | string): void {
    const to = addressOf(address)
    const code = native.udpConnect(handleOf(this), to.address, to.port, to.flowinfo, to.scopeId)
    if (code < 0) throw failure(code, 'connect', to)
  }

  /** The address that the socket is connected to. @throws `ENOTCONN`. */
  peerAddr(): SocketAddr {
    check(native.peerAddr(udpOf(this), scratch), 'getpeername')
    return decodeScratch()
  }

  /**
   * Sends one datagram to the peer, and returns its length; `null` when the system has no room.
   *
   * @throws `EDESTADDRREQ` (Windows: `ENOTCONN`) when not connected; `EMSGSIZE` for more bytes than a
   * datagram has (65,507 with IPv4); `ECONNREFUSED`, see above; `ENOBUFS`: try again later, as no
   * event tells when; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`, `ERR_BUFFER_DETACHED`;
   * `ERR_SOURCE_CLOSED`.
   */
  send(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(udpSend, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'send')
  }

  /**
   * Sends one datagram to an address, and returns its length; `null` when the system has no room.
   *
   * @throws as {@link UdpSocket.send}, with `address` and `port`; those of an address that is wrong, as
   * {@link UdpSocket.bind}; `EACCES` for a broadcast address without {@link UdpSocket.setBroadcast};
   * `ENETUNREACH`, `EINVAL`; macOS, BSD: `EISCONN` when connected.
   */
  sendTo(
    bytes: NodeJS.ArrayBufferView,
    address: SocketAddrInit | string,
    offset?: number,
    length?: number,
  ): number | null {
    const to = addressOf(address)
    const count = sendTo(handleOf(this), to, bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'sendto', to)
  }

  /**
   * Receives one datagram into `buffer` and returns its length, which is more than the buffer has room
   * for if it was cut (see above); `null` when none waits.
   *
   * @throws `ECONNREFUSED`, see above; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`,
   * `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  recv(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = receive(handleOf(this), 0, buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'recv')
  }

  /** As {@link UdpSocket.recv}, with the address of the sender. */
  recvFrom(
    buffer: NodeJS.ArrayBufferView,
    offset?: number,
    length?: number,
  ): [count: number, from: SocketAddr] | null {
    const count = receive(handleOf(this), FROM, buffer, offset, length)
    return count >= 0 ? [count, decodeScratch()] : orNull(count, 'recvfrom')
  }

  /** As {@link UdpSocket.recv}, and leaves the datagram to be received again. */
  peek(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = receive(handleOf(this), PEEK, buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'recv')
  }

  /** As {@link UdpSocket.recvFrom}, and leaves the datagram to be received again. */
  peekFrom(
    buffer: NodeJS.ArrayBufferView,
    offset?: number,
    length?: number,
  ): [count: number, from: SocketAddr] | null {
    const count = receive(handleOf(this), PEEK_FROM, buffer, offset, length)
    return count >= 0 ? [count, decodeScratch()] : orNull(count, 'recvfrom')
  }

  /**
   * Receives until none waits, into the same buffer each time, and calls `onDatagram` with the count
   * (as of {@link UdpSocket.recv}) and the sender of each. Returns how many there were.
   *
   * `onDatagram` ends it early with `false`, and then no new event is owed: go on without one. Who
   * does not, and gets datagrams faster than it handles them, does nothing else. It also ends when the
   * socket is closed meanwhile. What `onDatagram` throws passes through.
   *
   * @throws as {@link UdpSocket.recv}.
   */
  recvAll(
    buffer: NodeJS.ArrayBufferView,
    onDatagram: (count: number, from: SocketAddr) => unknown,
  ): number {
    const receiveNext = (handle: number): number => udpReceive(handle, FROM, scratch, buffer)
    return receiveAll(this, receiveNext, decodeScratch, onDatagram)
  }

  /**
   * Receives as many datagrams as wait, or as there is room for, with their lengths and senders, by
   * one call, and on Linux, Android and NetBSD by one system call for each 64. Returns how many, at
   * least 1, from index 0 on; `null` when none waits. Fewer than there is room for does not mean that
   * none waits: go on until `null`.
   *
   * An error after the first datagram is thrown by the next call.
   *
   * @throws as {@link UdpSocket.recv}.
   */
  recvMany(datagrams: Datagrams): number | null {
    const count = receiveMany(handleOf(this), datagrams)
    return count >= 0 ? count : orNull(count, 'recvmmsg')
  }

  /**
   * Sends `count` datagrams (default: all) from index `start` on (default: 0), each to its address, and
   * returns how many the system took; `null` when it takes none. After {@link UdpSocket.recvMany} that
   * sends them back to where they came from.
   *
   * What is wrong with a datagram is thrown only if it is the first one: those before it are sent and
   * counted, and the call for the rest throws. Fewer than asked for therefore mean: call again for the
   * rest. Of an error that is not about the datagram itself (`ECONNREFUSED`) this may miss some.
   *
   * @throws as {@link UdpSocket.sendTo}; `ERR_OUT_OF_RANGE` for a length of more than `size`: a
   * datagram that was cut is not sent.
   */
  sendMany(datagrams: Datagrams, count?: number, start?: number): number | null {
    const sent = sendMany(handleOf(this), datagrams, count, start)
    return sent >= 0 ? sent : orNull(sent, 'sendmmsg')
  }

  /** `SO_BROADCAST`: whether broadcast addresses may be sent to. Off at first. */
  broadcast(): boolean {
    return optionOf(this, 'broadcast') !== 0
  }

  /** Sets {@link UdpSocket.broadcast}. */
  setBroadcast(broadcast: boolean): void {
    checkBoolean('broadcast', broadcast)
    setOptionOf(this, 'broadcast', Number(broadcast))
  }

  /**
   * `IP_MULTICAST_LOOP`: whether what is sent to a group comes back to this machine. On at first.
   * Windows: it is the receiver's option.
   */
  multicastLoopV4(): boolean {
    return optionOf(this, 'multicastLoopV4') !== 0
  }

  /** Sets {@link UdpSocket.multicastLoopV4}. */
  setMulticastLoopV4(loop: boolean): void {
    checkBoolean('loop', loop)
    setOptionOf(this, 'multicastLoopV4', Number(loop))
  }

  /** `IPV6_MULTICAST_LOOP`, as {@link UdpSocket.multicastLoopV4}. @throws a system error with IPv4. */
  multicastLoopV6(): boolean {
    return optionOf(this, 'multicastLoopV6') !== 0
  }

  /** Sets {@link UdpSocket.multicastLoopV6}. */
  setMulticastLoopV6(loop: boolean): void {
    checkBoolean('loop', loop)
    setOptionOf(this, 'multicastLoopV6', Number(loop))
  }

  /** `IP_MULTICAST_TTL`: how many hops what is sent to a group may travel. 1 at first. */
  multicastTtlV4(): number {
    return optionOf(this, 'multicastTtlV4')
  }

  /** Sets `IP_MULTICAST_TTL`, 0 to 255; 0 keeps it on this machine. */
  setMulticastTtlV4(ttl: number): void {
    checkInteger('ttl', ttl, 0, 255)
    setOptionOf(this, 'multicastTtlV4', ttl)
  }

  /**
   * Joins a group of IPv4, at the interface with this address; the system chooses for `0.0.0.0`.
   *
   * @throws `ERR_INVALID_ADDRESS`; `EINVAL` for what is no group, `EADDRINUSE` when joined already,
   * `ENODEV` when there is no such interface.
   */
  joinMulticastV4(group: string, networkInterface = '0.0.0.0'): void {
    membershipV4(this, 1, group, networkInterface)
  }

  /** Leaves a group again. @throws `EADDRNOTAVAIL` when not joined there. */
  leaveMulticastV4(group: string, networkInterface = '0.0.0.0'): void {
    membershipV4(this, 0, group, networkInterface)
  }

  /**
   * Joins a group of IPv6, at the interface with this index (`node:os` tells it as `scopeid`); the
   * system chooses for 0.
   *
   * @throws as {@link UdpSocket.joinMulticastV4}; `ERR_OUT_OF_RANGE`.
   */
  joinMulticastV6(group: string, interfaceIndex = 0): void {
    membershipV6(this, 1, group, interfaceIndex)
  }

  /** Leaves a group again. @throws `EADDRNOTAVAIL` when not joined there. */
  leaveMulticastV6(group: string, interfaceIndex = 0): void {
    membershipV6(this, 0, group, interfaceIndex)
  }

  /** `IPV6_V6ONLY`: whether only IPv6 is taken. @throws a system error with IPv4. */
  onlyV6(): boolean {
    return optionOf(this, 'onlyV6') !== 0
  }

  /** As {@link TcpStream.tryIo}. */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.UdpSocket, operation)
  }
}

/** As `transfer`, with other arguments before the buffer. */
function receive(
  socket: number,
  how: 0 | 1 | 2 | 3,
  buffer: NodeJS.ArrayBufferView,
  offset: number | undefined,
  length: number | undefined,
): number {
  if (length !== undefined) {
    return udpReceive(socket, how, scratch, buffer, offset === undefined ? 0 : offset, length)
  }
  return offset === undefined
    ? udpReceive(socket, how, scratch, buffer)
    : udpReceive(socket, how, scratch, buffer, offset)
}

function sendTo(
  socket: number,
  { address, port, flowinfo, scopeId }: Address,
  bytes: NodeJS.ArrayBufferView,
  offset: number | undefined,
  length: number | undefined,
): number {
  if (length !== undefined) {
    const start = offset === undefined ? 0 : offset
    return udpSendTo(socket, address, port, flowinfo, scopeId, bytes, start, length)
  }
  return offset === undefined
    ? udpSendTo(socket, address, port, flowinfo, scopeId, bytes)
    : udpSendTo(socket, address, port, flowinfo, scopeId, bytes, offset)
}

/** The handle of a UDP socket; other kinds of sources have some of its options, too. */
function udpOf(socket: UdpSocket): number {
  const handle = handleOf(socket)
  if (check(native.sourceKind(handle), 'socket') !== Kind.UdpSocket) throw invalidThis()
  return handle
}

function optionOf(socket: UdpSocket, name: string): number {
  return check(native.option(udpOf(socket), name), 'getsockopt')
}

function setOptionOf(socket: UdpSocket, name: string, value: number): void {
  check(native.setOption(udpOf(socket), name, value), 'setsockopt')
}

function membershipV4(socket: UdpSocket, join: 0 | 1, group: string, at: string): void {
  for (const [name, value] of [
    ['group', group],
    ['networkInterface', at],
  ] as const) {
    if (typeof value !== 'string') throw invalidType(name, 'a string', value)
    if (value.includes(':')) throw invalidHostname(name, value)
  }
  check(native.udpMembership(handleOf(socket), join, group, at), 'setsockopt')
}

function membershipV6(socket: UdpSocket, join: 0 | 1, group: string, index: number): void {
  if (typeof group !== 'string') throw invalidType('group', 'a string', group)
  if (!group.includes(':')) throw invalidHostname('group', group)
  checkInteger('interfaceIndex', index, 0, 2 ** 32 - 1)
  check(native.udpMembership(handleOf(socket), join, group, String(index)), 'setsockopt')
}
