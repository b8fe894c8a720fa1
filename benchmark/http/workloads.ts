/** What servers and clients are asked to do, and what the drop-in promises to need for it. */
import type { Figure } from '../suite/goal.js'
import { type Workload, under } from '../suite/workload.js'
import { certificate } from './certificate.js'
import { asClient } from './client.js'
import { postgresVersion, redisVersion, startPostgres, startRedis } from './databases.js'
import {
  baseline,
  clients,
  dropIn,
  hello,
  netBaseline,
  onServer,
  register,
  tls,
  tlsBaseline,
} from './servers.js'
import { underWrk, wrkVersion } from './wrk.js'

const cpuAndRate: readonly Figure[] = ['mainMicros', 'processMicros', 'unitsPerSecond']
const withLatency: readonly Figure[] = [...cpuAndRate, 'p50Micros', 'p99Micros']

function missing(
  ...programs: readonly (readonly [name: string, found: unknown])[]
): string | undefined {
  const name = programs.find(([, found]) => found === null)?.[0]
  return name === undefined ? undefined : `there is no \`${name}\``
}

/** By the name that `--only` takes. */
export function workloads(node: string): Map<string, Workload> {
  const wrk = ['wrk', wrkVersion()] as const
  const folder = certificate()
  const requests = { unit: 'request', figures: withLatency }
  const queries = {
    unit: 'query',
    baseline: netBaseline,
    figures: cpuAndRate,
    goals: [],
    role: 'client' as const,
  }

  return new Map<string, Workload>([
    [
      'hello',
      {
        ...requests,
        title: '64 keep-alive connections',
        baseline,
        servers: hello(node),
        goals: [dropIn, register].flatMap((server) => [
          { server, figure: 'mainMicros', against: baseline, most: 0.6 },
          { server, figure: 'unitsPerSecond', against: baseline, least: 1 },
        ]),
        missing: missing(wrk),
        measure: (server, settings) => underWrk(server, 'http', settings),
      },
    ],
    [
      'fastify',
      {
        ...requests,
        title: '64 keep-alive connections',
        baseline,
        servers: onServer(node, 'fastify'),
        goals: [],
        missing: missing(wrk),
        measure: (server, settings) => underWrk(server, 'http', settings),
      },
    ],
    [
      'ws',
      {
        title: '64 connections × 64 B',
        unit: 'message',
        baseline,
        servers: onServer(node, 'ws'),
        figures: withLatency,
        goals: [],
        measure: under({ program: 'websocket', connections: 64, size: 64 }),
      },
    ],
    [
      'https',
      {
        ...requests,
        title: '64 keep-alive connections by TLS',
        baseline: tlsBaseline,
        servers: tls(node, folder ?? ''),
        goals: [],
        missing: missing(wrk, ['openssl', folder]),
        measure: (server, settings) => underWrk(server, 'https', settings),
      },
    ],
    [
      'pg',
      {
        ...queries,
        title: 'one connection, 100 queries at a time',
        servers: clients(node, 'pg'),
        missing: missing(['postgres', postgresVersion()]),
        measure: (client, settings) => asClient(client, startPostgres, settings),
      },
    ],
    [
      'ioredis',
      {
        ...queries,
        title: 'one connection, 100 commands at a time',
        servers: clients(node, 'ioredis'),
        missing: missing(['redis-server', redisVersion()]),
        measure: (client, settings) => asClient(client, startRedis, settings),
      },
    ],
  ])
}
