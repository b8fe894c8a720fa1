/** The many forms in which `connect` and `listen` take their arguments. */

/** Options and a callback. */
export type Normalized = [options: Record<string, unknown>, callback: Callback | null]

export type Callback = (...args: unknown[]) => void

const seen = new WeakSet<object>()

/**
 * Brings `(options, …, callback)`, `(path, …, callback)` and `(port, host, …, callback)` into one
 * form.
 *
 * @hidden
 */
export function normalizeArgs(args: readonly unknown[]): Normalized {
  const normalized: Normalized = [optionsOf(args), callbackOf(args)]
  seen.add(normalized)
  return normalized
}

/** Whether the arguments are what {@link normalizeArgs} returned, here or in core. */
export function isNormalized(value: unknown): value is Normalized {
  if (!Array.isArray(value)) return false
  // Core marks its own by a symbol that only it has.
  return seen.has(value) || Object.getOwnPropertySymbols(value).length > 0
}

function optionsOf(args: readonly unknown[]): Record<string, unknown> {
  if (args.length === 0) return {}
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return first as Record<string, unknown>
  if (isPipeName(first)) return { path: first }
  return typeof second === 'string' ? { port: first, host: second } : { port: first }
}

function callbackOf(args: readonly unknown[]): Callback | null {
  const last = args.at(-1)
  return typeof last === 'function' ? (last as Callback) : null
}

/** Text that is no port is a path. */
export function isPipeName(value: unknown): value is string {
  return typeof value === 'string' && numberOf(value) === false
}

/** A number that is not negative, or false. */
export function numberOf(value: unknown): number | false {
  const number = Number(value)
  return number >= 0 ? number : false
}
