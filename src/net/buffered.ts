import type { Readable } from 'node:stream'

interface State {
  /** An array from Node 22 on, a list before; both can be iterated. */
  readonly buffer: Iterable<Buffer | string>
  /** Where the array begins: what is before has been read. */
  readonly bufferIndex?: number
}

/** What a stream has received and the program has not taken yet. */
export function bufferedOf(stream: Readable): Buffer[] {
  const { buffer, bufferIndex = 0 } = (stream as unknown as { _readableState: State })
    ._readableState
  const encoding = stream.readableEncoding ?? 'utf8'
  return [...buffer]
    .slice(bufferIndex)
    .map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk))
}
