import type { TcpStream } from 'mio-js'

/** Replies that the socket would not take yet, in order. */
export class Unsent {
  #parts: Buffer[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Takes over the bytes: the caller must not change them any more. */
  add(part: Buffer): void {
    this.#parts.push(part)
    this.#length += part.length
  }

  /** Writes until all has left or the socket is full; throws what the socket throws. */
  flush(stream: TcpStream): void {
    let sent = 0
    for (const [index, part] of this.#parts.entries()) {
      const left = writeUntilFull(stream, part)
      this.#length -= part.length - left.length
      if (left.length > 0) {
        this.#parts[index] = left
        break
      }
      sent++
    }
    this.#parts.splice(0, sent)
  }
}

/** Writes until the socket is full: only then will there be an event. What is left is a view. */
export function writeUntilFull(stream: TcpStream, bytes: Buffer): Buffer {
  let left = bytes
  while (left.length > 0) {
    const count = stream.write(left)
    if (count === null) break
    left = left.subarray(count)
  }
  return left
}
