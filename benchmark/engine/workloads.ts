/** What the servers are asked to do, and what the engine promises to need for it. */
import { versionOf } from '../machine.js'
import type { Figure, Goal } from '../suite/goal.js'
import { type Load, affordable, atRest, underRedisBenchmark } from '../suite/measure.js'
import { type Workload, only, pinned, under } from '../suite/workload.js'
import * as servers from './servers.js'

const { auto, baseline, inline, rust, thread } = servers

/** What the thread of JavaScript and the whole process may cost, against `node:net`. */
function costs(main: number, whole: number, server = thread): Goal[] {
  return [
    { server, figure: 'mainMicros', against: baseline, most: main },
    { server, figure: 'processMicros', against: baseline, most: whole },
  ]
}

/** By the name that `--only` takes. */
export function workloads(node: string, resting: number): Map<string, Workload> {
  const echo = servers.echo(node)
  const onNode = only(echo, baseline, inline, thread, auto)
  const broadcast = servers.broadcast(node)
  const small: Load = { program: 'load', connections: 200, size: 64 }
  const churn: Load = { program: 'churn', connections: 50, size: 64 }
  const idle = affordable(resting)
  const cpuAndRate: Figure[] = ['mainMicros', 'processMicros', 'unitsPerSecond']
  const withLatency: Figure[] = [...cpuAndRate, 'p50Micros', 'p99Micros']

  return new Map<string, Workload>([
    [
      'echo',
      {
        title: '200 connections × 64 B',
        unit: 'message',
        baseline,
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
        baseline,
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
        baseline,
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
        baseline,
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
        baseline,
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
        baseline,
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
        baseline,
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
        baseline,
        servers: echo,
        figures: withLatency,
        goals: [
          { server: thread, figure: 'unitsPerSecond', against: baseline, least: 1.4 },
          { server: inline, figure: 'unitsPerSecond', against: baseline, least: 1.6 },
        ],
        ...pinned(small),
      },
    ],
    [
      'idle',
      {
        title: `${idle} idle connections`,
        unit: 'connection',
        baseline,
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
