/** Checks of bytes that programs hand over. */
import { types } from 'node:util'
import { bufferDetached, bufferShared, invalidType } from './errors.ts'
import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  isView,
  tagOf,
  viewBufferOf,
  viewByteLengthOf,
  viewByteOffsetOf,
} from './primordials.ts'

const { isSharedArrayBuffer } = types

/**
 * The exact bytes of a Buffer, TypedArray or DataView of any realm, not copied.
 *
 * @throws `ERR_INVALID_ARG_TYPE`, also for a `SharedArrayBuffer`; `ERR_BUFFER_DETACHED`.
 */
export function bytesOf(value: unknown, expected: string): Uint8Array {
  const tag = tagOf(value)
  if (tag === 'Uint8Array') {
    const bytes = value as Uint8Array
    checkMemory(bufferOf(bytes), byteLengthOf(bytes))
    return bytes
  }
  if (tag !== undefined) {
    const array = value as NodeJS.TypedArray
    const memory = bufferOf(array)
    checkMemory(memory, byteLengthOf(array))
    return new Uint8Array(memory, byteOffsetOf(array), byteLengthOf(array))
  }
  if (!isView(value)) throw invalidType('bytes', expected, value)
  return bytesOfView(value as DataView)
}

function bytesOfView(view: DataView): Uint8Array {
  const memory = viewBufferOf(view)
  checkMemory(memory, 0)
  let offset = 0
  let length = 0
  try {
    offset = viewByteOffsetOf(view)
    length = viewByteLengthOf(view)
  } catch {
    // Its resizable memory has shrunk away from it: nothing is left.
  }
  return new Uint8Array(memory, offset, length)
}

function checkMemory(memory: ArrayBufferLike, length: number): void {
  if (isSharedArrayBuffer(memory)) throw bufferShared()
  // Only an empty view can be of detached memory.
  if (length === 0) checkAttached(memory)
}

function checkAttached(memory: ArrayBufferLike): void {
  if (memory.byteLength > 0) return
  try {
    // Node 20 has no other way to ask.
    return void new Uint8Array(memory)
  } catch {
    throw bufferDetached()
  }
}
