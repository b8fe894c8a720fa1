import { native } from './binding.ts'
import { bytesOf } from './bytes.ts'
import { checkInteger, optionsOf, own } from './check.ts'
import { bufferDetached, check, invalidType, outOfRange } from './errors.ts'
import {
  type SocketAddr,
  type SocketAddrInit,
  addressOf,
  decodeScratch,
  scratch,
} from './socket-addr.ts'

const { udpReceiveMany, udpSendMany } = native

/** The bytes of a peer in the native table. */
const peerLength = 28

/**
 * Options of {@link Datagrams}.
 *
 * @example
 * ```ts
 * import { Datagrams, type DatagramsOptions } from 'mio-js'
 *
 * const small: DatagramsOptions = { count: 16, size: 512 }
 * console.log(new Datagrams(small).buffer.length) // 8192
 * ```
 */
export interface DatagramsOptions {
  /** How many datagrams there is room for, 1 to 1024. Default: 64. */
  readonly count?: number | undefined
  /** The bytes that there are for each, 1 to 65,535. Default: 2048. */
  readonly size?: number | undefined
}

/** Receives into datagrams; a native function's number. */
export let receiveMany: (socket: number, datagrams: Datagrams) => number

/** Sends from datagrams; a native function's number. */
export let sendMany: (
  socket: number,
  datagrams: Datagrams,
  count: number | undefined,
  start: number | undefined,
) => number

/**
 * Room for many datagrams, which {@link UdpSocket.recvMany} fills and {@link UdpSocket.sendMany} sends
 * from, by one call each: `size` bytes of one buffer for every datagram, a table of lengths, and one
 * of addresses. It is used again and again, and nothing is allocated per datagram but what is asked
 * for with {@link bytesAt} and {@link addressAt}.
 *
 * @example
 * ```ts
 * import { Datagrams, Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const [a, b] = [UdpSocket.bind('127.0.0.1:0'), UdpSocket.bind('127.0.0.1:0')]
 * poll.registry.register(b, Token(0), Interest.READABLE)
 *
 * const out = new Datagrams({ count: 2, size: 64 })
 * out.set(0, Buffer.from('one'), b.localAddr())
 * out.set(1, Buffer.from('two'), b.localAddr())
 * console.log(a.sendMany(out)) // 2
 *
 * const received = new Datagrams({ count: 64, size: 1500 })
 * const texts: string[] = []
 * while (texts.length < 2) {
 *   await poll.pollAsync(events)
 *   const count = b.recvMany(received) ?? 0
 *   for (let i = 0; i < count; i += 1) texts.push(received.bytesAt(i).toString())
 * }
 * console.log(texts.join(' ')) // one two
 * for (const open of [a, b, poll]) open.close()
 * ```
 */
export class Datagrams {
  readonly #count: number
  readonly #size: number
  readonly #buffer: Buffer
  readonly #lengths: Uint32Array
  readonly #peers: Uint8Array

  /** @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`. */
  constructor(options?: DatagramsOptions) {
    const given = optionsOf(options)
    const count = own(given, 'count') ?? 64
    checkInteger('options.count', count, 1, 1024)
    const size = own(given, 'size') ?? 2048
    checkInteger('options.size', size, 1, 65_535)
    this.#count = count as number
    this.#size = size as number
    this.#buffer = Buffer.alloc(this.#count * this.#size)
    this.#lengths = new Uint32Array(this.#count)
    this.#peers = new Uint8Array(this.#count * peerLength)
  }

  static {
    const checkDatagrams = (value: unknown): void => {
      const isDatagrams = typeof value === 'object' && value !== null && #peers in value
      if (!isDatagrams) throw invalidType('datagrams', 'a Datagrams', value)
    }
    receiveMany = (socket, datagrams) => {
      checkDatagrams(datagrams)
      return udpReceiveMany(
        socket,
        datagrams.#size,
        datagrams.#buffer,
        datagrams.#lengths,
        datagrams.#peers,
      )
    }
    sendMany = (socket, datagrams, count, start) => {
      checkDatagrams(datagrams)
      const capacity = datagrams.#count
      const first = start ?? 0
      checkInteger('start', first, 0, capacity)
      const number = count ?? capacity - first
      checkInteger('count', number, 0, capacity - first)
      return udpSendMany(
        socket,
        datagrams.#size,
        first,
        number,
        datagrams.#buffer,
        datagrams.#lengths,
        datagrams.#peers,
      )
    }
  }

  /** How many datagrams there is room for. */
  get count(): number {
    return this.#count
  }

  /** The bytes that there are for each datagram. */
  get size(): number {
    return this.#size
  }

  /** The bytes of all: those of datagram number `index` begin at `index * size`. */
  get buffer(): Buffer {
    return this.#buffer
  }

  /**
   * The length of each datagram, as received or to be sent. One that was cut, because it has more
   * than `size` bytes, has a length of more than that: see {@link UdpSocket.recv}.
   */
  get lengths(): Uint32Array {
    return this.#lengths
  }

  /** The length of the datagram at `index`; more than `size` if it was cut. @throws `ERR_OUT_OF_RANGE`. */
  lengthAt(index: number): number {
    this.#check(index)
    const length = this.#lengths[index]
    if (length === undefined) throw bufferDetached()
    return length
  }

  /** Whether the datagram at `index` had more than `size` bytes. @throws `ERR_OUT_OF_RANGE`. */
  isTruncatedAt(index: number): boolean {
    return this.lengthAt(index) > this.#size
  }

  /**
   * The bytes of the datagram at `index`, which are those of {@link buffer}: the next datagram that
   * is received there overwrites them.
   *
   * @throws `ERR_OUT_OF_RANGE`; `ERR_BUFFER_DETACHED`.
   */
  bytesAt(index: number): Buffer {
    const length = Math.min(this.lengthAt(index), this.#size)
    if (this.#buffer.length === 0) throw bufferDetached()
    const start = index * this.#size
    return this.#buffer.subarray(start, start + length)
  }

  /**
   * Where the datagram at `index` comes from, or goes to: made anew for each call. `null` for the
   * peer that the socket is connected to.
   *
   * @throws `ERR_OUT_OF_RANGE`.
   */
  addressAt(index: number): SocketAddr | null {
    this.#check(index)
    return check(native.peerAddress(this.#peers, index, scratch), 'address') === 1
      ? decodeScratch()
      : null
  }

  /**
   * Makes a datagram to be sent: copies the bytes, and keeps where they go to, which without an
   * address is the peer that the socket is connected to.
   *
   * @throws `ERR_OUT_OF_RANGE`, also for more than `size` bytes; `ERR_INVALID_ARG_TYPE`,
   * `ERR_BUFFER_DETACHED`, `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`.
   */
  set(index: number, bytes: NodeJS.ArrayBufferView, address?: SocketAddrInit | string): void {
    this.#check(index)
    const from = bytesOf(bytes, 'a Buffer, TypedArray or DataView')
    if (from.length > this.#size) {
      throw outOfRange('bytes.byteLength', `at most ${this.#size}`, from.length)
    }
    if (this.#buffer.length === 0 || this.#lengths.length === 0) throw bufferDetached()
    if (address === undefined) {
      check(native.setPeerAddress(this.#peers, index), 'address')
    } else {
      const to = addressOf(address)
      check(
        native.setPeerAddress(this.#peers, index, to.address, to.port, to.flowinfo, to.scopeId),
        'address',
      )
    }
    this.#buffer.set(from, index * this.#size)
    this.#lengths[index] = from.length
  }

  #check(index: number): void {
    checkInteger('index', index, 0, this.#count - 1)
  }
}
