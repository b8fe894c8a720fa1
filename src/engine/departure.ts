import { Deferred } from './deferred.ts'

/** What {@link Socket.detach} resolves with. */
export interface Detached {
  /** The descriptor, open and non-blocking, the caller's from now on. */
  readonly fd: number
  /** What was received and not delivered. */
  readonly leftover: Buffer
}

/** A detach in progress. */
export class Departure extends Deferred<Detached> {
  readonly #chunks: Buffer[] = []

  take(chunks: readonly Buffer[]): void {
    this.#chunks.push(...chunks)
  }

  leave(fd: number): void {
    this.resolve({ fd, leftover: Buffer.concat(this.#chunks) })
  }
}
