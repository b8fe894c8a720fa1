/** Views of memory, and streams that have something to read into them. */
import type { ExecutionContext } from 'ava'
import type { TcpStream } from 'mio-js'
import { pair, readExactly } from './sockets.js'
import { until } from './until.js'

export type View = NodeJS.ArrayBufferView
export type Resizable = ArrayBuffer & { resize: (length: number) => void }

/** 1, 2, 3, … */
export const numbered = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, n) => n + 1))

export const resizable = (length: number, maxByteLength: number): Resizable =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as Resizable

export function detach(view: View): void {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
}

/** A connection, of which the second end has these bytes to read. */
export async function holding(
  t: ExecutionContext,
  bytes: Uint8Array,
): Promise<[empty: TcpStream, full: TcpStream]> {
  const [empty, full] = await pair(t)
  empty.write(Buffer.concat([Buffer.from('x'), bytes]))
  await readExactly(full, 1)
  return [empty, full]
}

/** Asserts that of a pair with four numbered bytes nothing was read, and nothing written to it. */
export async function isUntouched(
  t: ExecutionContext,
  [empty, full]: [TcpStream, TcpStream],
): Promise<void> {
  t.is(empty.read(Buffer.alloc(1)), null)
  t.deepEqual(await readExactly(full, 4), numbered(4))
  t.is(full.read(Buffer.alloc(1)), null)
}

/** Waits until there is something to read into the view, and returns how much it was. */
export async function readInto(stream: TcpStream, view: View): Promise<number> {
  let count: number | null = null
  await until('there are bytes', () => (count = stream.read(view)) !== null)
  return count!
}
