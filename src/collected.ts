/**
 * Objects that hold a native one and are collected unclosed: the native one is closed then, and
 * the program is told, as Node does for file handles. Relying on it leaks descriptors until the
 * collector happens to run.
 */
interface Held {
  readonly kind: string
  readonly handle: number
  readonly close: (handle: number) => unknown
}

const registry = new FinalizationRegistry<Held>(({ kind, handle, close }) => {
  close(handle)
  const article = kind === 'Engine' ? 'An' : 'A'
  const message = `${article} ${kind} was closed on garbage collection; call its close() instead`
  process.emitWarning(message, { code: 'MIO_UNCLOSED' })
})

/** Closes `handle` when `object` is collected, unless {@link untrack} comes first. */
export function track(
  object: object,
  kind: string,
  handle: number,
  close: (handle: number) => unknown,
): void {
  registry.register(object, { kind, handle, close }, object)
}

export function untrack(object: object): void {
  registry.unregister(object)
}
