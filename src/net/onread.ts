import type { Socket as Link } from '../engine/socket.ts'

/** Memory of the program's that received bytes are put into, and who is told. */
export interface OnReadOptions {
  readonly buffer: Uint8Array | (() => Uint8Array)
  readonly callback: (count: number, buffer: Uint8Array) => boolean
}

/** Whether it is one: anything else is ignored, as Node does. */
export function isOnRead(value: unknown): value is OnReadOptions {
  if (value === null || typeof value !== 'object') return false
  const { buffer, callback } = value as Partial<OnReadOptions>
  const isMemory = buffer instanceof Uint8Array || typeof buffer === 'function'
  return isMemory && typeof callback === 'function'
}

/** Reading into the program's own memory instead of the stream. */
export class OnRead {
  readonly #options: OnReadOptions
  #buffer: Uint8Array | undefined
  /** What did not fit before the callback said stop. */
  #rest: Buffer | undefined
  /** The peer ended behind that. */
  #isEnded = false

  constructor(options: OnReadOptions) {
    this.#options = options
    const { buffer } = options
    if (typeof buffer !== 'function') this.#buffer = buffer
  }

  /** Memory for the first bytes, once there is a connection. */
  begin(): void {
    this.#rest = undefined
    this.#isEnded = false
    this.#renew()
  }

  #renew(): void {
    const { buffer } = this.#options
    if (typeof buffer !== 'function') return
    const next = buffer()
    if (next instanceof Uint8Array) this.#buffer = next
  }

  /** Whether the program wants more. `isOpen` tells whether it still may get some. */
  take(chunk: Buffer, isOpen: () => boolean): boolean {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    while (bytes.length > 0 && isOpen()) {
      const buffer = this.#buffer
      // Without room nothing could ever be read.
      if (buffer === undefined || buffer.length === 0) break
      const count = Math.min(buffer.length, bytes.length)
      buffer.set(bytes.subarray(0, count))
      bytes = bytes.subarray(count)
      const goesOn = this.#options.callback(count, buffer) !== false
      this.#renew()
      if (!goesOn) {
        if (bytes.length > 0) this.#rest = bytes
        return false
      }
    }
    return true
  }

  /** Delivers what waited, and then lets the connection go on. */
  resume(link: Link<unknown>, isOpen: () => boolean, onEnd: () => void): boolean {
    if (this.#rest !== undefined && !this.take(Buffer.alloc(0), isOpen)) return false
    link.resume()
    if (this.#isEnded) onEnd()
    return true
  }

  /** Whether the peer's end has to wait behind bytes. */
  end(): boolean {
    this.#isEnded = this.#rest !== undefined
    return this.#isEnded
  }
}
