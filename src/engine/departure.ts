import { native } from '../binding.ts'
import { Deferred } from './deferred.ts'

/**
 * What {@link Socket.detach} resolves with.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { TcpStream } from 'mio-js'
 * import { type Detached, connect, listen } from 'mio-js/engine'
 *
 * const server = listen({ hostname: '127.0.0.1' })
 * const socket = await connect({ hostname: '127.0.0.1', port: server.port })
 * const { fd, leftover }: Detached = await socket.detach()
 * console.log(leftover.length) // 0
 * TcpStream.fromRawFd(fd).close() // it is the program's now
 * await server.close()
 * ```
 */
export interface Detached {
  /** The descriptor, open and non-blocking, the caller's from now on. */
  readonly fd: number
  /** What was received and not delivered. */
  readonly leftover: Buffer
}

/** A detach in progress. Whoever asked for it says `descriptorTaken` when the descriptor has an owner. */
export class Departure extends Deferred<Detached> {
  readonly #chunks: Buffer[] = []

  take(chunks: readonly Buffer[]): void {
    this.#chunks.push(...chunks)
  }

  leave(fd: number): void {
    native.descriptorKeep(fd)
    this.resolve({ fd, leftover: Buffer.concat(this.#chunks) })
  }
}
