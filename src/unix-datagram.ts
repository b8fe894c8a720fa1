import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { receiveAll } from './drain.ts'
import { WOULD_BLOCK, check, failure } from './errors.ts'
import { handlePair } from './handle-pair.ts'
import { Kind } from './kind.ts'
import { onUnix } from './raw.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { Shutdown, shutdown } from './shutdown.ts'
import { handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'
import {
  type UnixAddr,
  type UnixAddrInit,
  decodeUnixScratch,
  placeOf,
  unixBytesOf,
  unixScratch,
} from './unix-addr.ts'
import { UnixSocket } from './unix-socket.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { unixDatagramReceive, unixDatagramSend, unixDatagramSendTo } = native

/** Whether the end is told, as an empty datagram, again and again. */
const tellsOfEnd = !['android', 'linux'].includes(process.platform)

/** Those whose receiving was ended. */
const shut = new WeakSet<UnixDatagram>()

let datagramOf: (handle: number) => UnixDatagram

/**
 * A Unix socket for datagrams, which arrive whole, in order, and once.
 *
 * Operations never block: `null` means not now. Buffers are any `Buffer`, `TypedArray` or `DataView`
 * that is not backed by a `SharedArrayBuffer`; offsets and lengths are in bytes. Nothing keeps a
 * buffer after the call.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { UnixDatagram } from 'mio-js'
 *
 * const [a, b] = UnixDatagram.pair()
 * a.send(Buffer.from('one'))
 * a.send(Buffer.from('two'))
 * const buffer = Buffer.alloc(64)
 * const texts: string[] = []
 * console.log(b.recvAll(buffer, (count) => texts.push(buffer.toString('utf8', 0, count)))) // 2
 * console.log(texts.join(' ')) // one two
 * a.close()
 * b.close()
 * ```
 */
export class UnixDatagram extends UnixSocket {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  static {
    datagramOf = (handle) => new UnixDatagram(handle, key)
  }

  /**
   * A socket that is bound, and so can be sent to. A path gets a file, which this package never
   * removes: neither one that is in the way, nor its own when it is closed.
   *
   * @throws as {@link UnixListener.bind}.
   */
  static override bind(address: UnixAddrInit): UnixDatagram {
    const at = unixBytesOf(address)
    const handle = native.unixDatagramOpen(at)
    if (handle < 0) throw failure(handle, 'bind', placeOf(at))
    return datagramOf(handle)
  }

  /**
   * A socket that is not bound: it can send, and receive only from what it is connected to.
   *
   * @throws `EMFILE`, `ENFILE`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  static unbound(): UnixDatagram {
    return datagramOf(check(native.unixDatagramOpen(), 'socket'))
  }

  /** Two sockets that are connected to each other. @throws as {@link UnixDatagram.unbound}. */
  static pair(): [UnixDatagram, UnixDatagram] {
    return handlePair(native.unixDatagramPair, 'socketpair', datagramOf, datagramOf)
  }

  /**
   * Takes ownership of a descriptor of a Unix datagram socket, and makes it non-blocking and
   * close-on-exec: nothing else may close it from now on.
   *
   * @throws as {@link UnixListener.fromRawFd}.
   */
  static fromRawFd(fd: number): UnixDatagram {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return datagramOf(check(onUnix(fd, native.unixDatagramFromRaw), 'fd'))
  }

  /**
   * Takes over a socket that {@link UnixDatagram.share} gave away, in whichever thread.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'UnixDatagram'>): UnixDatagram {
    return datagramOf(takeShared(shared, 'UnixDatagram'))
  }

  /** Gives the socket to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'UnixDatagram'> {
    return share(this, 'UnixDatagram')
  }

  /**
   * Sets the peer that {@link UnixDatagram.send} sends to, and the only one that is received from.
   * May be called again for another. Takes abstract names as well, which mio's does not.
   *
   * @throws `ERR_INVALID_ARG_VALUE`, `ENAMETOOLONG` as {@link UnixAddr.fromPathname};
   * `ERR_INVALID_ARG_TYPE`; a system error with `address`: `ENOENT`, `EACCES`, `EPROTOTYPE` for
   * another kind of socket, `ECONNREFUSED` for the file of one that is closed, `EPERM` for a peer
   * that is connected to somebody else.
   */
  connect(address: UnixAddrInit): void {
    const to = unixBytesOf(address)
    const outcome = native.unixDatagramConnect(handleOf(this), to)
    if (outcome < 0) throw failure(outcome, 'connect', placeOf(to))
  }

  /**
   * Sends one datagram to the peer and returns its length; `null` when the peer's queue is full. An
   * event comes when there is room.
   *
   * @throws `ENOTCONN` without a peer (macOS, BSD: `EDESTADDRREQ`), `ECONNREFUSED` when it is closed,
   * `EMSGSIZE` for a datagram that is too long, `EPIPE` after a shutdown, `ENOBUFS` for a full queue
   * on macOS and BSD;
   * `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`, `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  send(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(unixDatagramSend, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'send')
  }

  /**
   * Sends one datagram to an address and returns its length; `null` when the receiver's queue is
   * full: then no event tells when there is room, so try again later, or connect. Takes abstract
   * names as well, which mio's does not.
   *
   * @throws as {@link UnixDatagram.connect} and {@link UnixDatagram.send}, with `address`.
   */
  sendTo(
    bytes: NodeJS.ArrayBufferView,
    address: UnixAddrInit,
    offset?: number,
    length?: number,
  ): number | null {
    const to = unixBytesOf(address)
    const count = sendTo(handleOf(this), to, bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'sendto', placeOf(to))
  }

  /**
   * Receives one datagram and returns its length, `null` when there is none. 0 is an empty datagram;
   * on macOS and BSD also the end after a shutdown, of which Linux tells nothing.
   *
   * A count that is larger than the buffer tells that the datagram was cut, and that its rest is
   * lost. On Linux it is the datagram's length, elsewhere one more than there was room for.
   *
   * @throws `ECONNRESET`, …; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`, `ERR_BUFFER_DETACHED`;
   * `ERR_SOURCE_CLOSED`.
   */
  recv(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = receive(handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'recv')
  }

  /**
   * As {@link UnixDatagram.recv}, with the address of the sender, which is unnamed if it is not
   * bound.
   */
  recvFrom(
    buffer: NodeJS.ArrayBufferView,
    offset?: number,
    length?: number,
  ): [count: number, from: UnixAddr] | null {
    const count = receive(handleOf(this), buffer, offset, length)
    return count >= 0 ? [count, decodeUnixScratch()] : orNull(count, 'recvfrom')
  }

  /**
   * Receives until none waits, into the same buffer each time, and calls `onDatagram` with the count
   * (as of {@link UnixDatagram.recv}) and the sender of each. Returns how many there were. It ends
   * early as {@link UdpSocket.recvAll} does.
   *
   * After a shutdown macOS and BSD tell of the end by empty datagrams, again and again: there one of
   * those ends it. Of a shutdown by another thread, before {@link UnixDatagram.share}, this knows
   * nothing, and `onDatagram` has to end it.
   *
   * @throws as {@link UnixDatagram.recv}.
   */
  recvAll(
    buffer: NodeJS.ArrayBufferView,
    onDatagram: (count: number, from: UnixAddr) => unknown,
  ): number {
    const receiveNext = (handle: number): number => {
      const count = unixDatagramReceive(handle, unixScratch, buffer)
      return count === 0 && tellsOfEnd && shut.has(this) ? WOULD_BLOCK : count
    }
    return receiveAll(this, receiveNext, decodeUnixScratch, onDatagram)
  }

  /**
   * Ends receiving, sending or both. What has arrived can be received after that.
   *
   * @throws `ENOTCONN` without a peer, elsewhere than on Linux; `ERR_INVALID_ARG_VALUE` for what is no {@link Shutdown}.
   */
  shutdown(how: Shutdown): void {
    shutdown(this, how)
    if (how !== Shutdown.Write) shut.add(this)
  }

  /** The address of the peer. @throws `ENOTCONN` without one. */
  peerAddr(): UnixAddr {
    check(native.unixPeerAddr(handleOf(this), unixScratch), 'getpeername')
    return decodeUnixScratch()
  }

  /**
   * Runs an operation on the bare descriptor that this class does not have, and returns its result,
   * `null` for would-block.
   *
   * @throws `ERR_SOURCE_CLOSED`, without running it; what it throws.
   */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.UnixDatagram, operation)
  }
}

/** Arguments that are left out must stay out: their number tells native code what to do. */
function sendTo(
  socket: number,
  to: Uint8Array,
  bytes: NodeJS.ArrayBufferView,
  offset: number | undefined,
  length: number | undefined,
): number {
  if (length !== undefined) {
    return unixDatagramSendTo(socket, to, bytes, offset === undefined ? 0 : offset, length)
  }
  return offset === undefined
    ? unixDatagramSendTo(socket, to, bytes)
    : unixDatagramSendTo(socket, to, bytes, offset)
}

/** The sender's address goes to the scratch. */
function receive(
  socket: number,
  buffer: NodeJS.ArrayBufferView,
  offset: number | undefined,
  length: number | undefined,
): number {
  if (length !== undefined) {
    const from = offset === undefined ? 0 : offset
    return unixDatagramReceive(socket, unixScratch, buffer, from, length)
  }
  return offset === undefined
    ? unixDatagramReceive(socket, unixScratch, buffer)
    : unixDatagramReceive(socket, unixScratch, buffer, offset)
}
