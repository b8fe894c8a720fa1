/**
 * Received bytes as Buffers that belong to the program.
 *
 * A chunk has memory of its own size: it can be kept for ever and pins nothing else. Node's pool
 * would be faster, and one kept chunk would pin 8 KiB. Up to 64 bytes V8 keeps them on its heap,
 * where making and dropping one costs about 80 ns; beyond that every chunk is an allocation of its
 * own, about 350 ns.
 */
import { bufferOf, copy } from './primordials.ts'

type BufferClass = new (length: number) => Buffer
type ViewClass = new (memory: ArrayBufferLike, offset: number, length: number) => Buffer

/** What Node's Buffers are made by inside; `undefined` elsewhere. */
const species = (Buffer as unknown as { [Symbol.species]?: BufferClass & ViewClass })[
  Symbol.species
]
const { allocUnsafeSlow, from } = Buffer

/** Up to here copying in a loop is faster than a call. */
const short = 24

/** From here on memory that is not filled with zeroes is cheaper. */
const long = 4096

/** The most bytes that V8 keeps on its heap. */
const onHeap = 64

/**
 * The last chunk that is on V8's heap: its memory is not shared, and asking V8 for the memory would
 * move it out, for ten times the cost of all else that a write does.
 */
export let lastChunk: Buffer | undefined

/** A Buffer of its own with the bytes from `offset` on. */
export function chunkOf(arena: Buffer, offset: number, length: number): Buffer {
  // Beyond some kilobytes the zeroes that the species is filled with cost more than the other way.
  const isLong = species === undefined || length >= long
  const chunk = isLong ? allocUnsafeSlow(length) : new species(length)
  if (length <= short) {
    for (let i = 0; i < length; i += 1) chunk[i] = arena[offset + i] as number
  } else {
    copy(arena, chunk, 0, offset, offset + length)
  }
  if (length <= onHeap) lastChunk = chunk
  return chunk
}

/** A view of the bytes, valid as long as the memory has them. */
export function viewOf(arena: Buffer, offset: number, length: number): Buffer {
  const memory = bufferOf(arena)
  return species === undefined ? from(memory, offset, length) : new species(memory, offset, length)
}
