/** A network that delays, splits, joins, lets overtake and resets, in front of each way to be a peer. */
import type { ExecutionContext } from 'ava'
import './support/census.js'
import { type DoorName, doorNames } from './support/doors/index.js'
import {
  type Books,
  Echoes,
  type Load,
  Streams,
  cameInPart,
  cameWhole,
  untilClosed,
} from './support/doors/traffic.js'
import { Relay, type Weather } from './support/relay.js'
import { served, where } from './support/platforms.js'

interface Outcome extends Books {
  readonly relay: Relay
}

async function through(
  t: ExecutionContext,
  name: DoorName,
  weather: Weather,
  load: Load,
): Promise<Outcome> {
  const echoes = await Echoes.start(name, '127.0.0.1')
  const streams = new Streams(name)
  try {
    const relay = await Relay.start(t, echoes.port, weather, 4711)
    streams.begin({ host: '127.0.0.1', port: relay.port }, load)
    return { ...(await untilClosed(echoes, streams)), relay }
  } finally {
    await streams.close()
    await echoes.close()
  }
}

for (const name of doorNames) {
  const run = name === 'http' ? served : where(true, '')

  run(`${name}: streams come whole when they are split, delayed and overtake`, async (t) => {
    const weather = { split: 3_000, delay: 3, reorder: 60 }
    const { relay, ...books } = await through(t, name, weather, { count: 20, length: 60_000 })
    cameWhole(t, books)
    t.notDeepEqual(
      relay.order,
      relay.order.toSorted((a, b) => a - b),
    )
  })

  run(`${name}: streams come whole byte by byte`, async (t) => {
    const { relay: _, ...books } = await through(t, name, { split: 1 }, { count: 10, length: 500 })
    cameWhole(t, books)
  })

  run(`${name}: streams come whole when they are joined`, async (t) => {
    const weather = { coalesce: 5 }
    const { relay: _, ...books } = await through(t, name, weather, { count: 10, length: 200_000 })
    cameWhole(t, books)
  })

  run(`${name}: streams that are reset close once, after a beginning that is right`, async (t) => {
    const weather = { reset: 200_000, delay: 2 }
    const { relay, ...books } = await through(t, name, weather, { count: 20, length: 100_000 })
    cameInPart(t, books)
    const failed = books.client.filter(({ code }) => code !== undefined)
    t.true(relay.resets >= 10, `${relay.resets} were reset`)
    t.is(failed.length, relay.resets)
    for (const { code } of failed) t.regex(code!, /^(ECONNRESET|EPIPE)$/)
  })
}
