import type { Socket } from './socket.ts'
import { type Chunks, stateOf } from './state.ts'

interface Waiting {
  readonly writableBuffer?: Chunks
}

/** How many bytes a program has written that no connection was given yet. */
export function waitingBytes(socket: Socket): number {
  const { parked } = stateOf(socket)
  const { writableBuffer = [] } = socket as Waiting
  const first = parked === undefined ? 0 : lengthOf(parked.data, parked.encoding)
  return first + lengthOf(writableBuffer, 'utf8')
}

function lengthOf(data: Buffer | string | Chunks, encoding: BufferEncoding): number {
  if (typeof data === 'string') return Buffer.byteLength(data, encoding)
  if (data instanceof Uint8Array) return data.length
  return data.reduce((sum, { chunk, encoding: own }) => sum + lengthOf(chunk, own), 0)
}
