import { native } from './binding.ts'
import { check, invalidValue } from './errors.ts'
import { type IoSource, handleOf } from './source.ts'

/** Which direction of a stream to shut down; the values are shared with the core. */
export const Shutdown = Object.freeze({
  /** Later reads return 0 once what has arrived is read; on Windows that is dropped. */
  Read: 0,
  /** Sends FIN after what was written; later writes are EPIPE. */
  Write: 1,
  Both: 2,
} as const)

export type Shutdown = (typeof Shutdown)[keyof typeof Shutdown]

/** Shuts a connection down. Throws for what is no {@link Shutdown}. */
export function shutdown(source: IoSource, how: Shutdown): void {
  if (!Object.values(Shutdown).includes(how)) throw invalidValue('how', 'a Shutdown', how)
  check(native.shutdown(handleOf(source), how), 'shutdown')
}
