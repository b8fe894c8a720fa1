import { native } from './binding.ts'
import { check, invalidValue } from './errors.ts'
import { type IoSource, handleOf } from './source.ts'

/**
 * Which direction of a stream to shut down; the values are shared with the core.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { Shutdown, UnixStream } from 'mio-js'
 *
 * const [a, b] = UnixStream.pair()
 * a.shutdown(Shutdown.Write)
 * console.log(b.read(Buffer.alloc(16))) // 0
 * a.close()
 * b.close()
 * ```
 */
export const Shutdown = Object.freeze({
  /** Later reads return 0 once what has arrived is read; on Windows that is dropped. */
  Read: 0,
  /** Sends FIN after what was written; later writes are EPIPE. */
  Write: 1,
  Both: 2,
} as const)

/**
 * One of the values of {@link Shutdown}.
 *
 * @example
 * ```ts
 * import { Shutdown } from 'mio-js'
 *
 * const how: Shutdown = Shutdown.Both
 * console.log(how === Shutdown.Both) // true
 * ```
 */
export type Shutdown = (typeof Shutdown)[keyof typeof Shutdown]

/** Shuts a connection down. Throws for what is no {@link Shutdown}. */
export function shutdown(source: IoSource, how: Shutdown): void {
  if (!Object.values(Shutdown).includes(how)) throw invalidValue('how', 'a Shutdown', how)
  check(native.shutdown(handleOf(source), how), 'shutdown')
}
