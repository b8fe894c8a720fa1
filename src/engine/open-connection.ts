import type { AsyncResource } from 'node:async_hooks'
import { native } from '../binding.ts'
import { Connection } from './connection.ts'
import type { Machine } from './machine.ts'
import { Field, type Numbers, type Settings } from './options.ts'

/** Who is told how an attempt to connect has ended: exactly one of the two, and once. */
export interface Attempt {
  /** Before the socket's `open`. Not called for a connection that is closed already. */
  connected(connection: Connection): void
  /** A code of 0 means that it was closed here. `syscall` may be empty. */
  failed(code: number, syscall: string): void
}

/**
 * Begins to connect to one literal address, or to one path, as `numbers` and `options` say. `local` is
 * a literal address of this machine, or empty.
 *
 * With a descriptor in `numbers`, that of a stream socket that has no peer, that socket connects. It is
 * the engine's from then on, whatever comes of it, unless it is refused at once.
 *
 * Returns a negative code if that is refused at once: nothing was opened then, and `attempt` is told
 * nothing. It is never told from within this call.
 */
export function openConnection(
  machine: Machine,
  resource: AsyncResource,
  settings: Settings,
  numbers: Numbers,
  options: Uint8Array,
  address: string,
  local: string,
  attempt: Attempt,
): Connection | number {
  const lane = machine.nextLane()
  const index = lane.newIndex()
  const generation = lane.generationOf(index)
  numbers[Field.INDEX] = index >>> 0
  numbers[Field.GENERATION] = generation
  const { handle } = machine
  const code = native.engineConnect(handle, lane.index, address, local, numbers, options)
  if (code < 0) {
    lane.giveBack(index)
    return code
  }
  const connection = new Connection(lane, index, generation, settings, undefined, resource)
  connection.attempt = attempt
  return connection
}
