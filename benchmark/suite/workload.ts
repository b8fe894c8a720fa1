/** What servers are asked to do, and how they are compared. */
import { readFileSync } from 'node:fs'
import { versionOf } from '../machine.js'
import type { Command } from '../process.js'
import type { Figure, Goal } from './goal.js'
import { type Figures, type Load, type Settings, underLoad } from './measure.js'

/** The command of each server by its name, in the order of the table. */
export type Servers = ReadonlyMap<string, Command>

export interface Workload {
  readonly title: string
  readonly unit: string
  /** Which side is measured; servers, if nothing is said. */
  readonly role?: 'server' | 'client'
  /** The server that the others are compared with. */
  readonly baseline: string
  readonly servers: Servers
  /** The columns of its table. */
  readonly figures: readonly Figure[]
  readonly goals: readonly Goal[]
  /** Why it cannot be measured here; in CI that is a failure, unless the workload is optional. */
  readonly missing?: string | undefined
  readonly optional?: boolean
  measure(server: Command, settings: Settings): Promise<Figures>
}

export function under(load: Load): Workload['measure'] {
  return (server, settings) => underLoad(server, load, settings)
}

export function only(list: Servers, ...names: string[]): Servers {
  return new Map([...list].filter(([name]) => names.includes(name)))
}

/** The whole server on one CPU, and the load on another. */
export function pinned(load: Load): Pick<Workload, 'measure' | 'missing' | 'optional'> {
  const [mine, other] = cpus()
  if (mine === undefined || other === undefined) {
    const missing = 'there is no `taskset`, or just one CPU'
    return { missing, optional: true, measure: under(load) }
  }
  const on = (cpu: number, { command, env = {} }: Command): Command => ({
    command: ['taskset', '--cpu-list', String(cpu), ...command],
    env,
  })
  const elsewhere = { ...load, pinned: (command: Command) => on(other, command) }
  return {
    optional: true,
    measure: (server, settings) => underLoad(on(mine, server), elsewhere, settings),
  }
}

/** The CPUs that this process may use, if it can be told which to use. */
function cpus(): number[] {
  if (process.platform !== 'linux' || versionOf('taskset', '--version') === null) return []
  const status = readFileSync('/proc/self/status', 'latin1')
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [from = NaN, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}
