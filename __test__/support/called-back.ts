/**
 * Sockets of `mio-js/net` whose engine has bytes that were called back and that the system has no room
 * for: their `highWaterMark` is {@link mark}, and the buffers of both systems are small.
 */
import type { Socket } from 'mio-js/net'

export const mark = 3_000_000

/** What the systems hold of what nobody reads is far below. */
const called = 1_500_000

const bytes = Buffer.from(Array.from({ length: called + mark }, (_, n) => (n % 251) ^ (n >> 12)))

/** The first bytes of what {@link fill} writes. */
export function expected(length: number): Buffer {
  return bytes.subarray(0, length)
}

/**
 * Makes a write that is called back, and one more that is not. Returns the number of bytes that were
 * called back.
 */
export async function fill(socket: Socket): Promise<number> {
  socket.setOption('sendBufferSize', 32_768)
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes.subarray(0, called), (error) => (error ? reject(error) : resolve()))
  })
  socket.write(bytes.subarray(called))
  return called
}
