/**
 * A class that can also be called: `Socket(options)` makes one, and `Socket.call(this, options)`
 * makes one of `this`, as the constructors of `node:net` have always allowed. So a class of this kind
 * has no private members and no initialisers: what its constructor does, `initialise` does.
 */
type Constructor<Args extends unknown[], Instance extends object> = new (...args: Args) => Instance

export function callable<Args extends unknown[], Instance extends object>(
  name: string,
  constructor: Constructor<Args, Instance>,
  initialise: (self: Instance, ...args: Args) => void,
): Constructor<Args, Instance> & ((...args: Args) => Instance) {
  const { prototype } = constructor
  const result = function (this: unknown, ...args: Args): Instance | undefined {
    if (new.target !== undefined) return Reflect.construct(constructor, args, new.target)
    if (!(prototype as object).isPrototypeOf(this as object)) return new constructor(...args)
    initialise(this as Instance, ...args)
    return undefined
  }
  Object.defineProperty(result, 'name', { value: name })
  Object.defineProperty(result, 'prototype', { value: prototype, writable: false })
  Object.defineProperty(prototype, 'constructor', { value: result })
  Object.setPrototypeOf(result, Object.getPrototypeOf(constructor) as object)
  return result as unknown as Constructor<Args, Instance> & ((...args: Args) => Instance)
}
