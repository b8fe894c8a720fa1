/** What the servers are asked to do, and what the engine promises to need for it. */
import { readFileSync } from 'node:fs'
import { versionOf } from '../machine.js'
import type { Command } from '../process.js'
import { type Figure, type Goal, costs } from './goal.js'
import {
  type Figures,
  type Load,
  type Settings,
  affordable,
  atRest,
  underLoad,
  underRedisBenchmark,
} from './measure.js'
import * as servers from './servers.js'

export interface Workload {
  readonly title: string
  readonly unit: string
  readonly servers: servers.Servers
  /** The columns of its table. */
  readonly figures: readonly Figure[]
  readonly goals: readonly Goal[]
  /** Why it cannot be measured here; in CI that is a failure, unless the workload is optional. */
  readonly missing?: string | undefined
  readonly optional?: boolean
  measure(server: Command, settings: Settings): Promise<Figures>
}

const { auto, baseline, inline, rust, thread } = servers

function under(load: Load): Workload['measure'] {
  return (server, settings) => underLoad(server, load, settings)
}

function only(list: servers.Servers, ...names: string[]): servers.Servers {
  return new Map([...list].filter(([name]) => names.includes(name)))
}

/** The first two CPUs that this process may use: one for the server, one for who asks it. */
function cpus(): [number, number] | undefined {
  if (process.platform !== 'linux' || versionOf('taskset', '--version') === null) return undefined
  const status = readFileSync('/proc/self/status', 'latin1')
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? ''
  const [first, second] = list.split(',').flatMap((range) => {
    const [from = NaN, to = from] = range.split('-').map(Number)
    return from < to ? [from, from + 1] : [from]
  })
  return first === undefined || second === undefined ? undefined : [first, second]
}

/** By the name that `--only` takes. */
export function workloads(node: string, resting: number): Map<string, Workload> {
  const echo = servers.echo(node)
  const onNode = only(echo, baseline, inline, thread, auto)
  const broadcast = servers.broadcast(node)
  const small: Load = { program: 'load', connections: 200, size: 64 }
  const churn: Load = { program: 'churn', connections: 50, size: 64 }
  const idle = affordable(resting)
  const pair = cpus()
  const cpuAndRate: Figure[] = ['mainMicros', 'processMicros', 'unitsPerSecond']
  const withLatency: Figure[] = [...cpuAndRate, 'p50Micros', 'p99Micros']

  return new Map<string, Workload>([
    [
      'echo',
      {
        title: '200 connections × 64 B',
        unit: 'message',
        servers: echo,
        figures: withLatency,
        goals: [
          ...costs(1 / 15, 0.85),
          { server: inline, figure: 'processMicros', against: baseline, most: 0.62 },
          { server: inline, figure: 'processMicros', against: rust, most: 1.1 },
        ],
        measure: under(small),
      },
    ],
    [
      'ping-pong',
      {
        title: '1 connection × 64 B',
        unit: 'message',
        servers: echo,
        figures: withLatency,
        goals: [{ server: auto, figure: 'p50Micros', against: baseline, most: 1 }],
        measure: under({ ...small, connections: 1 }),
      },
    ],
    [
      'churn',
      {
        title: 'connect, 64 B both ways, reset; 50 at a time',
        unit: 'connection',
        servers: echo,
        figures: withLatency,
        goals: costs(1 / 4, 0.75),
        measure: under(churn),
      },
    ],
    [
      'churn-fin',
      {
        title: 'connect, 64 B both ways, close by FIN; 50 at a time',
        unit: 'connection',
        servers: echo,
        figures: withLatency,
        goals: costs(1 / 4, 0.75),
        measure: under({ ...churn, flags: ['--fin'] }),
      },
    ],
    [
      'bulk',
      {
        title: '4 connections × 64 KiB, both ways at once',
        unit: 'MB',
        servers: echo,
        figures: cpuAndRate,
        goals: costs(1 / 3, 0.8),
        measure: under({ program: 'bulk', connections: 4, size: 65_536, scale: 1e6 }),
      },
    ],
    [
      'broadcast',
      {
        title: '64 B to 1,000 connections',
        unit: 'message',
        servers: broadcast,
        figures: withLatency,
        goals: costs(1 / 20, 0.8),
        measure: under({ program: 'broadcast', connections: 1000, size: 64 }),
      },
    ],
    [
      'redis',
      {
        title: 'the Redis example, 50 connections × P16 GET and SET',
        unit: 'command',
        servers: servers.redis(node),
        figures: cpuAndRate,
        goals: costs(1 / 2, 0.85, 'the example'),
        missing:
          versionOf('redis-benchmark', '--version') === null
            ? 'there is no `redis-benchmark` on PATH'
            : undefined,
        measure: underRedisBenchmark,
      },
    ],
    [
      'pinned',
      {
        title: '200 connections × 64 B, the server on one CPU',
        unit: 'message',
        servers: echo,
        figures: withLatency,
        goals: [
          { server: thread, figure: 'unitsPerSecond', against: baseline, least: 1.4 },
          { server: inline, figure: 'unitsPerSecond', against: baseline, least: 1.6 },
        ],
        optional: true,
        missing: pair === undefined ? 'there is no `taskset`, or just one CPU' : undefined,
        measure(server, settings) {
          const [mine, other] = pair ?? [0, 0]
          const pinned = (command: Command): Command => servers.pinned(command, other)
          return underLoad(servers.pinned(server, mine), { ...small, pinned }, settings)
        },
      },
    ],
    [
      'idle',
      {
        title: `${idle} idle connections`,
        unit: 'connection',
        servers: onNode,
        figures: ['ownBytes', 'rssBytes', 'idleMicros', 'mainMicros', 'processMicros'],
        goals: [inline, thread, auto].flatMap((server): Goal[] => [
          { server, figure: 'ownBytes', most: 1024 },
          // Node looks after itself now and then; an engine that polled would use far more.
          { server, figure: 'idleMicros', most: 100 },
        ]),
        measure: (server, settings) => atRest(server, idle, settings),
      },
    ],
  ])
}
