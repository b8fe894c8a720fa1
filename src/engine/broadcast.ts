import { byteLengthOf } from '../primordials.ts'
import { bytesOf, encoded } from './bytes.ts'
import type { Connection } from './connection.ts'
import type { Listener } from './listener.ts'
import type { Socket } from './socket.ts'

/** Writes to the connections of a listener; returns to how many. */
export function broadcast(
  listener: Listener,
  value: unknown,
  filter: ((socket: Socket<unknown>) => unknown) | undefined,
): number {
  const bytes =
    typeof value === 'string'
      ? encoded(value, undefined)
      : bytesOf(value, 'a string, Buffer, TypedArray or DataView')
  const { lanes } = listener.machine
  // The filter may do anything: it has seen all of them before the first one is written to.
  const chosen = lanes.map((lane) => select(listener.connectionsOf(lane), filter))
  let count = 0
  const length = byteLengthOf(bytes)
  for (const [index, lane] of lanes.entries()) {
    const writable = (chosen[index] as Connection[]).filter((connection) => connection.take(length))
    count += writable.length
    if (writable.length > 0 && length > 0) lane.out.addBroadcast(bytes, writable)
  }
  return count
}

function select(
  connections: Iterable<Connection>,
  filter: ((socket: Socket<unknown>) => unknown) | undefined,
): Connection[] {
  const chosen: Connection[] = []
  for (const connection of connections) {
    if (!connection.isWritable) continue
    if (filter === undefined || Boolean(filter(connection.socket))) chosen.push(connection)
  }
  return chosen
}
