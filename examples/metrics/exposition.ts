/**
 * What Prometheus wants to know, in its text format. Import it before anything listens: of servers and
 * sockets it hears by channels, whichever door they came through, `mio-js/register` as well.
 */
import { subscribe } from 'node:diagnostics_channel'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import process from 'node:process'
import { type Server, engines } from 'mio-js/engine'

type Labels = Readonly<Record<string, string>>
type Kind = 'counter' | 'gauge'

/** What is a number of now; all others of `stats()` only grow. */
const gauges = new Set(['open', 'pendingBytes', 'servers', 'sockets', 'threaded'])

const servers = new Set<Server>()
const slow = new Map<string, { calls: number; seconds: number }>()
const failures = new Map<string, number>()

subscribe('mio-js:server.listen', (message) => {
  servers.add((message as { server: Server }).server)
})
subscribe('mio-js:server.close', (message) => {
  servers.delete((message as { server: Server }).server)
})
subscribe('mio-js:handler.slow', (message) => {
  const { handler, milliseconds } = message as { handler: string; milliseconds: number }
  const { calls, seconds } = slow.get(handler) ?? { calls: 0, seconds: 0 }
  slow.set(handler, { calls: calls + 1, seconds: seconds + milliseconds / 1000 })
})
for (const name of ['mio-js:connect.error', 'mio-js:socket.error']) {
  subscribe(name, (message) => {
    const { code = 'UNKNOWN' } = (message as { error: NodeJS.ErrnoException }).error
    failures.set(code, (failures.get(code) ?? 0) + 1)
  })
}

/** All figures, in Prometheus's text format. */
export function exposition(): string {
  const families = new Map<string, Map<string, number>>()
  const add = (
    name: string,
    kind: Kind,
    help: string,
    value: number,
    labels: Labels = {},
  ): void => {
    const full = `mio_${snake(name)}${kind === 'counter' ? '_total' : ''}`
    const head = `# HELP ${full} ${help}\n# TYPE ${full} ${kind}\n`
    const series = families.get(head) ?? new Map<string, number>()
    families.set(head, series)
    // Several engines, or servers that share a port, are one series.
    const key = full + textOf(labels)
    series.set(key, (series.get(key) ?? 0) + value)
  }
  const addAll = (prefix: string, stats: object, labels?: Labels): void => {
    for (const [name, value] of Object.entries(stats)) {
      const kind = gauges.has(name) ? 'gauge' : 'counter'
      add(`${prefix}_${name}`, kind, `${name} of stats(), docs/operations.md.`, value, labels)
    }
  }
  for (const engine of engines()) addAll('engine', engine.stats())
  for (const server of servers) addAll('server', server.stats(), { address: addressOf(server) })
  for (const [handler, { calls, seconds }] of slow) {
    add('slow_handlers', 'counter', 'Handlers that held the thread 10 ms.', calls, { handler })
    add('slow_handlers_seconds', 'counter', 'How long they held it.', seconds, { handler })
  }
  for (const [code, count] of failures) {
    add('failures', 'counter', 'Sockets and connects that failed, by code.', count, { code })
  }
  const { utilization } = sinceLast()
  add(
    'event_loop_utilization',
    'gauge',
    'Busy share of the loop since the last scrape.',
    utilization,
  )
  const { user, system } = process.cpuUsage()
  add('cpu_seconds', 'counter', 'CPU of the process, all threads.', (user + system) / 1e6)
  const text = (series: Map<string, number>): string =>
    [...series].map(([key, value]) => `${key} ${value}\n`).join('')
  return [...families].map(([head, series]) => head + text(series)).join('')
}

let last: EventLoopUtilization | undefined

function sinceLast(): EventLoopUtilization {
  const now = performance.eventLoopUtilization()
  // Of one value alone it would tell what has passed since that, which is nothing.
  const since = last === undefined ? now : performance.eventLoopUtilization(now, last)
  last = now
  return since
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function textOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    return `${name}="${escaped}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join()}}`
}

function addressOf(server: Server): string {
  const address = server.address()
  return typeof address === 'string' ? address : `${address.address}:${address.port}`
}
