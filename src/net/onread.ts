import { noBufferSpace } from './errors.ts'
import { ended, stopReading } from './link.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

/**
 * Memory of the program's that received bytes are put into, and who is told: `this` is the socket.
 *
 * @example
 * ```ts
 * import { once } from 'node:events'
 * import { type AddressInfo, type OnReadOptions, connect, createServer } from 'mio-js/net'
 *
 * const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
 * await once(server, 'listening')
 * const onread: OnReadOptions = {
 *   buffer: Buffer.alloc(65_536), // used again and again
 *   callback(count, buffer) {
 *     console.log(Buffer.from(buffer.buffer, buffer.byteOffset, count).toString()) // hello
 *     return true // false pauses
 *   },
 * }
 * const { port } = server.address() as AddressInfo
 * const socket = connect({ port, host: '127.0.0.1', onread })
 * await once(socket, 'close')
 * server.close()
 * await once(server, 'close')
 * ```
 */
export interface OnReadOptions {
  /** The memory, or what makes it anew for each read. */
  readonly buffer: Uint8Array | (() => Uint8Array)
  /** Is told how many bytes came, and where; false pauses the socket. */
  readonly callback: (count: number, buffer: Uint8Array) => boolean
}

/** Whether it is one: anything else is ignored, as Node does. */
export function isOnRead(value: unknown): value is OnReadOptions {
  if (value === null || typeof value !== 'object') return false
  const { buffer, callback } = value as Partial<OnReadOptions>
  const isMemory = buffer instanceof Uint8Array || typeof buffer === 'function'
  return isMemory && typeof callback === 'function'
}

const nothing = Buffer.alloc(0)

/**
 * Reading into the program's own memory instead of the stream. What does not fit waits here, as it
 * would wait in the system with a read for each part.
 */
export class OnRead {
  readonly #options: OnReadOptions
  #memory: Uint8Array | undefined
  /** What the program did not take yet. */
  #rest: Buffer = nothing
  /** The peer ended behind that. */
  #isEnded = false
  #isDelivering = false

  constructor(options: OnReadOptions) {
    this.#options = options
    const { buffer } = options
    if (typeof buffer !== 'function') this.#memory = buffer
  }

  /** Memory for the first bytes, once there is a connection. */
  begin(socket: Socket): void {
    this.#rest = nothing
    this.#isEnded = false
    this.#renew(socket)
  }

  #renew(socket: Socket): void {
    const { buffer } = this.#options
    if (typeof buffer !== 'function') return
    const next = Reflect.apply(buffer, socket, [])
    if (next instanceof Uint8Array) this.#memory = next
  }

  /** Whether something is left that a socket which goes on has to tell. */
  get isWaiting(): boolean {
    return this.#isEnded || this.#rest.length > 0
  }

  /** Gives away what the program did not take. */
  release(): Buffer {
    const rest = this.#rest
    this.#rest = nothing
    return rest
  }

  /** Bytes came. */
  take(socket: Socket, chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#deliver(socket)
  }

  /** The peer has ended: told behind all bytes, and while the program wants some. */
  end(socket: Socket): void {
    this.#isEnded = true
    this.#deliver(socket)
  }

  /** Delivers what waits, never from within the program's call, and then lets the connection go on. */
  resume(socket: Socket): void {
    if (this.isWaiting) setImmediate(() => this.#deliver(socket))
    else stateOf(socket).link?.resume()
  }

  #deliver(socket: Socket): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    let isThrown = true
    try {
      while (this.#rest.length > 0 && isReading(socket)) this.#deliverOne(socket)
      isThrown = false
    } finally {
      this.#isDelivering = false
      if (isThrown) setImmediate(() => this.#deliver(socket))
    }
    if (this.#rest.length > 0 || !isReading(socket)) return
    stateOf(socket).link?.resume()
    if (!this.#isEnded) return
    this.#isEnded = false
    ended(socket)
  }

  #deliverOne(socket: Socket): void {
    const memory = this.#memory
    if (memory === undefined || memory.length === 0) {
      socket.destroy(noBufferSpace())
      return
    }
    const count = Math.min(memory.length, this.#rest.length)
    memory.set(this.#rest.subarray(0, count))
    this.#rest = this.#rest.subarray(count)
    const { callback } = this.#options
    const goesOn = Reflect.apply(callback, socket, [count, memory]) !== false
    this.#renew(socket)
    if (!goesOn) stopReading(stateOf(socket))
  }
}

function isReading(socket: Socket): boolean {
  return !socket.destroyed && stateOf(socket).isReading
}
