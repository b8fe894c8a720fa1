/**
 * What is compared with `node:net`: a scenario runs once with Node's own module at both ends, and
 * must give the same with ours at either end or both. So the expectation is Node's behaviour, of
 * the version that runs the tests; in other runtimes it is what was recorded with Node, and ours is
 * at both ends.
 */
import core from 'node:net'
import type { ExecutionContext } from 'ava'
import mio from 'mio-js/net'
import { netEngine } from '#src/net/engine.js'
import { beforeCensus } from './census.js'
import { type Run, where } from './platforms.js'
import { type Outcome, World } from './net-world.js'
import { comparable, isRecording, isReference, ofNode } from './reference.js'
import { until } from './until.js'

export type Net = typeof core

/** Every module that has the API of `node:net`; the first is the measure of the others. */
export const candidates: Record<'core' | 'mio', Net> = { core, mio: mio as unknown as Net }

// The engine behind ours is made with its first socket and stays, as does a thread that it needs.
beforeCensus(async () => {
  await outcome('mio', 'mio', async (world) => {
    const { server } = await world.pair()
    if ((process.env['MIO_JS_IO'] ?? 'auto') !== 'auto') return
    server.on('connection', (socket) => socket.pipe(socket))
    for (let index = 0; index < 16; index += 1) {
      const client = world.connect(world.at(server))
      client.on('data', (chunk) => client.write(chunk))
      client.write('x'.repeat(1000))
    }
    await until('the engine moves to its thread', () => netEngine().stats().moves > 0)
  })
})

export type Candidate = keyof typeof candidates

/** Who is at the ends of a connection: of the server, and of the client. */
export const pairs: readonly (readonly [server: Candidate, client: Candidate])[] = [
  ['mio', 'mio'],
  ['mio', 'core'],
  ['core', 'mio'],
]

export type Scenario = (world: World) => Promise<unknown>

interface Settings {
  /** A scenario that has one side only: the other one is Node's then. */
  side?: 'server' | 'client'
  run?: Run
}

/** Runs a scenario with these two, and returns all that can be seen of it. */
export async function outcome(
  server: Candidate,
  client: Candidate,
  scenario: Scenario,
): Promise<Outcome> {
  const world = new World(candidates[server], candidates[client])
  return world.run(scenario)
}

/** Declares a test: the scenario gives with ours what it gives with Node's own module. */
export function same(title: string, scenario: Scenario, settings: Settings = {}): void {
  const { side, run = where(true, '') } = settings
  run(title, async (t) => {
    await compare(t, scenario, side)
  })
}

/**
 * How long a look-up takes is the runtime's: what comes of it may be before the `resume` of the next
 * turn or after it. Here it is after it.
 */
function inOneOrder({ log, ...rest }: Outcome): object {
  const ordered = Object.entries(log).map(([name, entries]) => {
    const all: unknown[] = [...entries]
    for (const [from, entry] of entries.entries()) {
      if (eventOf(entry) !== 'lookup') continue
      const to = all.findIndex((one, at) => at > from && eventOf(one) !== 'connectionAttempt')
      if (to >= 0 && eventOf(all[to]) === 'resume') all.splice(from, 0, ...all.splice(to, 1))
    }
    return [name, all] as const
  })
  return { ...rest, log: Object.fromEntries(ordered) }
}

function eventOf(entry: unknown): unknown {
  return Array.isArray(entry) ? entry[0] : undefined
}

export async function compare(
  t: ExecutionContext,
  scenario: Scenario,
  side?: 'server' | 'client',
): Promise<void> {
  const expected = await ofNode(t, async () => outcome('core', 'core', scenario))
  if (isRecording) {
    t.pass()
    return
  }
  for (const [server, client] of pairs) {
    if (side === 'server' && client !== 'core') continue
    if (side === 'client' && server !== 'core') continue
    if (side === undefined && !isReference && server !== client) continue
    const actual = await outcome(server, client, scenario)
    const who = `${server} serves ${client}`
    if (isReference) t.deepEqual(actual, expected, who)
    else t.deepEqual(inOneOrder(comparable(actual) as Outcome), inOneOrder(expected), who)
  }
}
