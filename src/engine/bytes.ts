/** Checks of what programs write. */
import { bytesOf as bytesOfAny } from '../bytes.ts'
import { unknownEncoding } from '../errors.ts'
import { byteLengthOf } from '../primordials.ts'
import { lastChunk } from './chunk.ts'

const { from, isEncoding } = Buffer

/** As that of all; what was just received is not asked for its memory. */
export function bytesOf(value: unknown, expected: string): Uint8Array {
  if (lastChunk !== undefined && value === lastChunk && byteLengthOf(lastChunk) > 0) {
    return lastChunk
  }
  return bytesOfAny(value, expected)
}

/** Text in an encoding that is none of the common ones, or too long for the short way. */
export function encoded(text: string, encoding: unknown): Buffer {
  if (encoding === undefined || encoding === null) return from(text, 'utf8')
  if (typeof encoding !== 'string' || !isEncoding(encoding)) throw unknownEncoding(encoding)
  return from(text, encoding)
}
