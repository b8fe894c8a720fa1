/** What sources that read and write bytes share. */
import type { native } from './binding.ts'
import { type Place, WOULD_BLOCK, failure } from './errors.ts'

/** A native function with a part of a buffer as its last arguments. */
type Operation = typeof native.read

/** Arguments that are left out must stay out: their number tells native code what to do. */
export function transfer(
  operation: Operation,
  source: number,
  buffer: NodeJS.ArrayBufferView,
  offset: number | undefined,
  length: number | undefined,
): number {
  if (length !== undefined) {
    return operation(source, buffer, offset === undefined ? 0 : offset, length)
  }
  return offset === undefined ? operation(source, buffer) : operation(source, buffer, offset)
}

/** What a native function's negative number means: `null` for would-block, else it throws. */
export function orNull(code: number, syscall: string, place?: Place): null {
  if (code === WOULD_BLOCK) return null
  throw failure(code, syscall, place)
}
