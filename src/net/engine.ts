import { own } from '../check.ts'
import type { Engine } from '../engine/engine.ts'
import { onDemand } from '../engine/on-demand.ts'

/**
 * The engine of this thread's sockets and servers. Its own, as streams bound what each socket has
 * buffered, and none is to be closed for what others do not read.
 */
export const netEngine = onDemand({ maxPendingTotal: Infinity })

/** The engine that a socket or server was given, or else that of this thread. */
export function engineOf(holder: object): Engine {
  return (own(holder, 'engine') as Engine | undefined) ?? netEngine()
}

/** What servers take that core does not know. */
export interface OwnOptions {
  readonly engine?: Engine
  readonly maxPending?: number
  readonly onread?: unknown
}

const names = ['engine', 'maxPending', 'onread'] as const

/** These options, if they are its own: what is on Object.prototype is none. */
export function ownOptions(bag: object): OwnOptions {
  const found: Record<string, unknown> = {}
  for (const name of names) {
    const value = own(bag, name)
    if (value !== undefined) found[name] = value
  }
  return found
}
