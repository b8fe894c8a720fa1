import type { ExecutionContext } from 'ava'
import {
  books,
  flows,
  forEachDoor,
  startTraffic,
  underEachDoor,
  untilSlowly,
} from '../support/fault.js'
import '../support/census.js'
import type { Account } from '../support/doors/ledger.js'
import { type Books, cameInPart, cameWhole } from '../support/doors/traffic.js'

/** Longer than a segment that is lost waits at first until it is sent again. */
const short = 1_000

async function moment(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds
  await untilSlowly('a while has passed', async () => performance.now() > end)
}

underEachDoor(
  'streams go on when the cable was out for a second',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity })
      await flows(hosts, name)
    })
    await hosts.unplug(hosts.far)
    await moment(short)
    await hosts.plug(hosts.far)
    return forEachDoor(names, async (name) => {
      const { slowest } = await hosts.near.program.ask('progress', name)
      await flows(hosts, name, slowest + 20_000)
      await hosts.near.program.ask('stop', name)
      return books(hosts, name)
    })
  },
  cameWhole,
)

interface Cut extends Books {
  /** Of streams that began when the cable was back. */
  readonly later: Books
}

function after({ client, server }: Books, first: Books): Books {
  return { client: client.slice(first.client.length), server: server.slice(first.server.length) }
}

underEachDoor(
  'streams close once, in time, when the cable is out; new ones come whole when it is back',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    const patience = {
      userTimeout: 1_500,
      keepAlive: { delay: 1_000, interval: 1_000, count: 2 },
    }
    const ports = await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity, patience })
      await flows(hosts, name)
    })
    await hosts.unplug(hosts.near)
    const cut = await forEachDoor(names, async (name) => books(hosts, name))
    await hosts.plug(hosts.near)
    return forEachDoor(Object.keys(ports) as (keyof typeof ports)[], async (name) => {
      const { near, far } = hosts
      const port = await far.program.ask('port', name)
      const to = { host: far.address, port }
      await near.program.ask('begin', name, to, { count: 3, length: 20_000 })
      return { ...cut[name]!, later: after(await books(hosts, name), cut[name]!) }
    })
  },
  (t, { later, ...cut }: Cut) => {
    cameInPart(t, cut)
    for (const account of [...cut.client, ...cut.server]) timedOut(t, account)
    cameWhole(t, later)
  },
)

/** The system may know better than that it has taken too long. */
function timedOut(t: ExecutionContext, { code, silence }: Account): void {
  t.regex(code ?? 'no error', /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/)
  t.true(silence > 1_000 && silence < 20_000, `after ${silence} ms`)
}

underEachDoor(
  'a connect without a cable fails at once, with all that Node tells',
  async (hosts, names) => {
    const { near, far } = hosts
    await hosts.unplug(near)
    return forEachDoor(names, async (name) => {
      await near.program.ask(
        'begin',
        name,
        { host: far.address, port: 4711 },
        { count: 2, length: 1 },
      )
      await untilSlowly(
        'both fail',
        async () => (await near.program.ask('progress', name)).open === 0,
      )
      return near.program.ask('accounts', name)
    })
  },
  (t, accounts) => {
    for (const account of accounts) {
      t.like(account, {
        opens: 0,
        closes: 1,
        violations: [],
        code: 'ENETUNREACH',
        syscall: 'connect',
        address: '10.77.0.2',
        port: 4711,
      })
    }
  },
)
