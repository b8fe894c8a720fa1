import { AsyncResource } from 'node:async_hooks'
import { native } from '../binding.ts'
import { checkInteger, own } from '../check.ts'
import { failure } from '../errors.ts'
import { byteLengthOf, set } from '../primordials.ts'
import { bytesOf } from './bytes.ts'
import { Connection } from './connection.ts'
import { Held } from './held.ts'
import type { Machine } from './machine.ts'
import {
  Field,
  type ConnectionOptions,
  clientDeadlines,
  newNumbers,
  settingsOf,
} from './options.ts'

/**
 * Options of {@link Engine.adopt}. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { UnixStream } from 'mio-js'
 * import { type AdoptOptions, Engine } from 'mio-js/engine'
 *
 * const engine = new Engine()
 * const [stream, peer] = UnixStream.pair()
 * let done = (): void => {}
 * const closed = new Promise<void>((resolve) => (done = resolve))
 * const options: AdoptOptions = {
 *   leftover: Buffer.from('read before'),
 *   socket: {
 *     data: (_socket, chunk) => console.log(chunk.toString()), // read before
 *     close: () => done(),
 *   },
 * }
 * engine.adopt(stream.intoRawFd(), options)
 * peer.close()
 * await closed
 * await engine.close()
 * ```
 */
export interface AdoptOptions<T = undefined> extends ConnectionOptions<T> {
  /** What was received before: copied, and delivered as the first data. */
  readonly leftover?: NodeJS.ArrayBufferView | undefined
}

/** A connection for a descriptor that was opened elsewhere. */
export function adopt(machine: Machine, fd: number, bag: object): Connection {
  checkInteger('fd', fd, 0, 2 ** 31 - 1)
  const numbers = newNumbers()
  const settings = settingsOf(bag, clientDeadlines, numbers)
  const leftover = leftoverOf(own(bag, 'leftover'))
  const { data: factory } = settings
  const data = factory?.()
  // The program's function may have closed it.
  machine.checkOpen()
  const lane = machine.nextLane()
  const index = lane.newIndex()
  const generation = lane.generationOf(index)
  numbers[Field.INDEX] = index >>> 0
  numbers[Field.GENERATION] = generation
  const code = native.engineAdopt(machine.handle, lane.index, fd, numbers)
  if (code < 0) {
    lane.giveBack(index)
    throw failure(code, 'adopt')
  }
  const resource = new AsyncResource('MIO_SOCKET')
  const connection = new Connection(lane, index, generation, settings, undefined, resource)
  connection.socket.data = data
  if (leftover.length > 0) new Held(connection).push(leftover)
  return connection
}

function leftoverOf(value: unknown): Buffer {
  if (value === undefined) return Buffer.alloc(0)
  const bytes = bytesOf(value, 'a Buffer, TypedArray or DataView')
  const length = byteLengthOf(bytes)
  const copy = Buffer.allocUnsafeSlow(length)
  // A view that lies outside of its memory, as that has shrunk, cannot even be copied.
  if (length > 0) set(copy, bytes, 0)
  return copy
}
