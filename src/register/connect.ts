import { coreConnect } from '../core-net.ts'
import { isNormalized, normalizeArgs } from '../net/arguments.ts'
import { connect as ownConnect } from '../net/index.ts'
import { isTracing, trace } from '../trace.ts'

type Options = Record<string, unknown>

/** `net.connect` of a program: by the engine, if that can do it. */
export function connect(...args: unknown[]): object {
  const [options] = isNormalized(args[0]) ? args[0] : normalizeArgs(args)
  const isLeft = isCores(options)
  if (isLeft && isTracing) trace('register: a connect stays with core')
  const connectBy = isLeft ? coreConnect : ownConnect
  return Reflect.apply(connectBy as (...args: unknown[]) => object, undefined, args)
}

/** What the engine has no way for: handles of core's. */
function isCores({ fd, handle }: Options): boolean {
  return fd !== undefined || (handle !== undefined && handle !== null)
}
