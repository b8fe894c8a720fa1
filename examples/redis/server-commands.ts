import { group, type Command, type Database, type Run } from './command.ts'
import { REDIS_VERSION } from './connection-commands.ts'
import { isGlob, matchesGlob } from './glob.ts'
import { MAX_BULK } from './limits.ts'
import { OK, SYNTAX_ERROR } from './reply.ts'

const dbsize: Run = (_request, reply, session) => {
  reply.integer(session.database.store.size)
}

const flush: Run = (request, reply, session) => {
  const mode = request.count > 1 ? request.word(1) : 'sync'
  if (request.count > 2 || (mode !== 'sync' && mode !== 'async')) {
    reply.raw(SYNTAX_ERROR)
    return
  }
  session.database.store.clear()
  reply.raw(OK)
}

/** What redis-benchmark and clients ask for; none of it can be changed. */
const PARAMETERS = new Map([
  ['appendonly', 'no'],
  ['databases', '1'],
  ['maxmemory', '0'],
  ['maxmemory-policy', 'noeviction'],
  ['proto-max-bulk-len', String(MAX_BULK)],
  ['save', ''],
])

const configGet: Run = (request, reply) => {
  const found = new Map<string, string>()
  for (let i = 2; i < request.count; i++) {
    const asked = request.text(i)
    const lower = asked.toLowerCase()
    for (const [name, value] of PARAMETERS) {
      // A plain name comes back as it was written.
      if (isGlob(asked)) {
        if (matchesGlob(lower, name)) found.set(name, value)
      } else if (name === lower) {
        found.set(asked, value)
      }
    }
  }
  reply.array(found.size * 2)
  for (const [name, value] of found) {
    reply.bulkText(name)
    reply.bulkText(value)
  }
}

/** The sections of INFO, each with the fields that clients are known to look at. */
const SECTIONS: Record<string, (database: Database) => Record<string, string | number>> = {
  Server: ({ counters }) => ({
    redis_version: REDIS_VERSION,
    redis_mode: 'standalone',
    os: `${process.platform} ${process.arch}`,
    multiplexing_api: 'mio-js',
    process_id: process.pid,
    tcp_port: counters.port,
    uptime_in_seconds: Math.floor((performance.now() - counters.startedAt) / 1000),
  }),
  Clients: ({ counters }) => ({ connected_clients: counters.connections }),
  Memory: () => ({ used_memory: process.memoryUsage.rss(), maxmemory: 0 }),
  Persistence: () => ({ loading: 0 }),
  Stats: ({ counters }) => ({
    total_connections_received: counters.accepted,
    total_commands_processed: counters.commands,
  }),
  Replication: () => ({ role: 'master', connected_slaves: 0 }),
  Cluster: () => ({ cluster_enabled: 0 }),
  Keyspace: ({ store }): Record<string, string> =>
    store.size === 0 ? {} : { db0: `keys=${store.size},expires=${store.deadlineCount},avg_ttl=0` },
}

const info: Run = (request, reply, session) => {
  const asked = new Set<string>()
  for (let i = 1; i < request.count; i++) asked.add(request.word(i))
  const whole = asked.size === 0 || ['all', 'default', 'everything'].some((name) => asked.has(name))
  const parts: string[] = []
  for (const [title, fields] of Object.entries(SECTIONS)) {
    if (!whole && !asked.has(title.toLowerCase())) continue
    const lines = Object.entries(fields(session.database)).map(
      ([key, value]) => `${key}:${value}\r\n`,
    )
    parts.push(`# ${title}\r\n${lines.join('')}`)
  }
  reply.bulkText(parts.join('\r\n'))
}

/** Clients want hints for completion and routing, and do without when there are none. */
const none: Run = (_request, reply) => reply.array(0)

/** `countCommands` is asked late, because these commands are counted too. */
export function createServerCommands(countCommands: () => number): readonly Command[] {
  return [
    { name: 'dbsize', arity: 1, run: dbsize },
    { name: 'flushall', arity: -1, run: flush },
    { name: 'flushdb', arity: -1, run: flush },
    { name: 'info', arity: -1, run: info },
    group('config', [{ name: 'get', arity: -3, run: configGet }]),
    group(
      'command',
      [
        { name: 'count', arity: 2, run: (_request, reply) => reply.integer(countCommands()) },
        { name: 'docs', arity: -2, run: none },
      ],
      none,
    ),
  ]
}
