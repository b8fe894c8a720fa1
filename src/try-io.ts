import { native } from './binding.ts'
import { check, invalidThis, invalidType } from './errors.ts'
import type { Kind } from './kind.ts'
import { type IoSource, handleOf } from './source.ts'

/** mio's `try_io`, which every source has that reads or writes. */
export function tryIo<T>(source: IoSource, kind: Kind, operation: () => T | null): T | null {
  if (typeof operation !== 'function') throw invalidType('operation', 'a function', operation)
  const handle = handleOf(source)
  if (check(native.sourceKind(handle), 'tryIo') !== kind) throw invalidThis()
  const result = operation()
  if (result === null) check(native.rearm(handle), 'rearm')
  return result
}
