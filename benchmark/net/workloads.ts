/** What the servers are asked to do, and what the drop-in promises to need for it. */
import type { Figure, Goal } from '../suite/goal.js'
import { type Load, affordable, atRest } from '../suite/measure.js'
import { type Workload, pinned, under } from '../suite/workload.js'
import { auto, baseline, echo } from './servers.js'

const cpuAndRate: readonly Figure[] = ['mainMicros', 'processMicros', 'unitsPerSecond']
const withLatency: readonly Figure[] = [...cpuAndRate, 'p50Micros', 'p99Micros']

/** As a multiple of what `node:net` needs. */
function most(figure: Figure, ratio: number): Goal {
  return { server: auto, figure, against: baseline, most: ratio }
}

/** By the name that `--only` takes. */
export function workloads(node: string, resting: number): Map<string, Workload> {
  const small: Load = { program: 'load', connections: 200, size: 64 }
  const churn: Load = { program: 'churn', connections: 50, size: 64 }
  const idle = affordable(resting)
  const same = { baseline, servers: echo(node) }

  return new Map<string, Workload>([
    [
      'echo',
      {
        ...same,
        title: '200 connections × 64 B',
        unit: 'message',
        figures: withLatency,
        goals: [most('mainMicros', 1 / 7), most('processMicros', 0.85)],
        measure: under(small),
      },
    ],
    [
      'pinned',
      {
        ...same,
        title: '200 connections × 64 B, the server on one CPU',
        unit: 'message',
        figures: withLatency,
        goals: [{ server: auto, figure: 'unitsPerSecond', against: baseline, least: 1.3 }],
        ...pinned(small),
      },
    ],
    [
      'ping-pong',
      {
        ...same,
        title: '1 connection × 64 B',
        unit: 'message',
        figures: withLatency,
        goals: [most('p50Micros', 1.1)],
        measure: under({ ...small, connections: 1 }),
      },
    ],
    [
      'churn',
      {
        ...same,
        title: 'connect, 64 B both ways, reset; 50 at a time',
        unit: 'connection',
        figures: withLatency,
        goals: [most('mainMicros', 0.75), most('processMicros', 0.75)],
        measure: under(churn),
      },
    ],
    [
      'churn-fin',
      {
        ...same,
        title: 'connect, 64 B both ways, close by FIN; 50 at a time',
        unit: 'connection',
        figures: withLatency,
        goals: [most('mainMicros', 0.75), most('processMicros', 0.75)],
        measure: under({ ...churn, flags: ['--fin'] }),
      },
    ],
    [
      'bulk',
      {
        ...same,
        title: '4 connections × 64 KiB, both ways at once',
        unit: 'MB',
        figures: cpuAndRate,
        goals: [most('processMicros', 0.9)],
        measure: under({ program: 'bulk', connections: 4, size: 65_536, scale: 1e6 }),
      },
    ],
    [
      'idle',
      {
        ...same,
        title: `${idle} idle connections`,
        unit: 'connection',
        figures: ['ownBytes', 'rssBytes', 'idleMicros', 'mainMicros', 'processMicros'],
        goals: [most('ownBytes', 1)],
        measure: (server, settings) => atRest(server, idle, settings),
      },
    ],
  ])
}
