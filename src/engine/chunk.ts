/**
 * Received bytes as Buffers that belong to the program.
 *
 * A chunk has memory of its own size: it can be kept for ever and pins nothing else. Node's pool
 * would be faster, and one kept chunk would pin 8 KiB. Up to 64 bytes V8 keeps them on its heap,
 * where making and dropping one costs about 50 ns; beyond that every chunk is an allocation of its
 * own, some hundred ns.
 */
import { bufferOf, set } from '../primordials.ts'

type BufferClass = new (bytes: Uint8Array) => Buffer
type ViewClass = new (memory: ArrayBufferLike, offset: number, length: number) => Buffer

/** What Node's Buffers are made by inside; `undefined` elsewhere. */
const species = (Buffer as unknown as { [Symbol.species]?: BufferClass & ViewClass })[
  Symbol.species
]
const { allocUnsafeSlow, from } = Buffer

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
  const view = viewOf(arena, offset, length)
  if (species === undefined || length >= long) {
    const chunk = allocUnsafeSlow(length)
    set(chunk, view, 0)
    return chunk
  }
  // Copying by the constructor costs half of what `copy`, `set` or `slice` do, and no more with a
  // Node whose `copy` would move the chunk out of V8's heap.
  const chunk = new species(view)
  if (length <= onHeap) lastChunk = chunk
  return chunk
}

/** A view of the bytes, valid as long as the memory has them. */
export function viewOf(arena: Buffer, offset: number, length: number): Buffer {
  const memory = bufferOf(arena)
  return species === undefined ? from(memory, offset, length) : new species(memory, offset, length)
}
