import { readFileSync } from 'node:fs'

/** How many connections wait to be accepted at a port of IPv4, as Linux tells it. */
export function backlogOf(port: number): number {
  const rows = readFileSync('/proc/self/net/tcp', 'latin1').trimEnd().split('\n').slice(1)
  const columns = rows.map((row) => row.trim().split(/\s+/))
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  // What listens is in state 0A; of its two queues, `tx:rx`, the second one is this.
  const [, , , , queues = ''] =
    columns.find(([, local = '', , state]) => local.endsWith(place) && state === '0A') ?? []
  return Number.parseInt(queues.split(':')[1] ?? '0', 16)
}
