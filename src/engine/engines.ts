import type { Engine } from './engine.ts'

/** Held weakly: one that nobody uses any more is collected. */
const known = new Set<WeakRef<Engine>>()

export function addEngine(engine: Engine): void {
  // Those that were collected leave here, so that the set does not grow for ever.
  for (const reference of known) if (reference.deref() === undefined) known.delete(reference)
  known.add(new WeakRef(engine))
}

export function removeEngine(engine: Engine): void {
  for (const reference of known) if (reference.deref() === engine) known.delete(reference)
}

/**
 * The engines of this thread that are not closed, in the order in which they were made: those of the
 * program, the one of `listen` and `connect` of this module, and the one of `mio-js/net`,
 * `mio-js/http` and `mio-js/register`, once these are used. For metrics: each has its `stats()`.
 *
 * @example
 * ```ts
 * import { Engine, engines } from 'mio-js/engine'
 *
 * const engine = new Engine()
 * console.log(engines().includes(engine)) // true
 * const waiting = engines().reduce((sum, one) => sum + one.stats().pendingBytes, 0)
 * console.log(waiting) // 0
 * await engine.close()
 * console.log(engines().includes(engine)) // false
 * ```
 */
export function engines(): Engine[] {
  return [...known].map((reference) => reference.deref()).filter((engine) => engine !== undefined)
}
