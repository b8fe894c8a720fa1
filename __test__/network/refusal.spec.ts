import {
  books,
  flows,
  forEachDoor,
  isBounded,
  startTraffic,
  underEachDoor,
  untilSlowly,
} from '../support/fault.js'
import '../support/census.js'
import type { Account } from '../support/doors/ledger.js'
import { cameInPart, cameWhole } from '../support/doors/traffic.js'

underEachDoor(
  'streams that are reset on the way close once, after a beginning that is right',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 4, length: Infinity })
      await flows(hosts, name)
    })
    await hosts.reset()
    return forEachDoor(names, async (name) => books(hosts, name))
  },
  (t, ends) => {
    cameInPart(t, ends)
    for (const { code } of [...ends.client, ...ends.server]) {
      t.regex(code ?? 'no error', /^(ECONNRESET|EPIPE)$/)
    }
  },
)

underEachDoor(
  'streams survive that a router knows no way for a second',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    await forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity })
      await flows(hosts, name)
    })
    await hosts.refuse('host-unreachable')
    await hosts.near.program.ask('busy', 1_000)
    await hosts.heal()
    return forEachDoor(names, async (name) => {
      const { slowest } = await hosts.near.program.ask('progress', name)
      await flows(hosts, name, slowest + 20_000)
      await hosts.near.program.ask('stop', name)
      return books(hosts, name)
    })
  },
  cameWhole,
)

for (const [answer, code] of [
  ['host-unreachable', 'EHOSTUNREACH'],
  ['port-unreachable', 'ECONNREFUSED'],
  ['admin-prohibited', 'EHOSTUNREACH'],
] as const) {
  if (isBounded && answer !== 'host-unreachable') continue
  underEachDoor(
    `a connect that is answered by ${answer} is ${code}`,
    async (hosts, names) => {
      const { near, far } = hosts
      await hosts.refuse(answer)
      return forEachDoor(names, async (name) => {
        const to = { host: far.address, port: 4711 }
        await near.program.ask('begin', name, to, { count: 2, length: 1 })
        await untilSlowly('both fail', async () => {
          return (await near.program.ask('progress', name)).open === 0
        })
        return near.program.ask('accounts', name)
      })
    },
    (t, accounts: Account[]) => {
      for (const account of accounts) {
        t.like(account, {
          opens: 0,
          closes: 1,
          violations: [],
          code,
          syscall: 'connect',
          address: '10.77.0.2',
          port: 4711,
        })
      }
    },
  )
}
