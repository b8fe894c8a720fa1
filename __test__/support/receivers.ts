import type { ExecutionContext } from 'ava'
import { Interest, type Registry, type Source } from 'mio-js'
import { throwsCode } from './errors.js'

type Method = (...args: unknown[]) => unknown

/** Methods by name, with arguments that are right. */
export type Calls = Readonly<Record<string, readonly unknown[]>>

/** The methods that every kind of source has. */
export function sourceCalls(registry: Registry): Calls {
  return {
    localAddr: [],
    ttl: [],
    setTtl: [64],
    takeError: [],
    register: [registry, 1, Interest.READABLE],
    reregister: [registry, 1, Interest.READABLE],
    deregister: [registry],
    ...(process.platform === 'win32'
      ? { asRawSocket: [], intoRawSocket: [] }
      : { asRawFd: [], intoRawFd: [] }),
  }
}

/** Asserts that no method works on what only looks like `instance`. */
export function refusesReceivers(
  t: ExecutionContext,
  instance: Source,
  other: Source,
  calls: Calls,
): void {
  const prototype = Object.getPrototypeOf(instance) as Record<string, Method>
  const receivers = {
    'a plain object': {},
    null: null,
    undefined,
    'the prototype': prototype,
    'an heir': Object.create(prototype),
    'an heir of the instance': Object.create(instance),
    'a Proxy': new Proxy(instance, {}),
    'a clone': structuredClone(instance),
  }
  for (const [name, args] of Object.entries(calls)) {
    for (const [kind, receiver] of Object.entries(receivers)) {
      const operation = (): unknown => prototype[name]!.apply(receiver, [...args])
      t.throws(operation, { instanceOf: TypeError }, `${name} of ${kind}`)
    }
    if (Object.hasOwn(prototype, name)) {
      const operation = (): unknown => prototype[name]!.apply(other, [...args])
      t.throws(operation, { instanceOf: TypeError }, `${name} of the other kind of source`)
    }
  }
}

/** Asserts that every method of a closed source says so. */
export function refusesAfterClose(t: ExecutionContext, closed: Source, calls: Calls): void {
  const methods = closed as unknown as Record<string, Method>
  for (const [name, args] of Object.entries(calls)) {
    t.log(name)
    throwsCode(t, 'ERR_SOURCE_CLOSED', () => methods[name]!(...args))
  }
}
