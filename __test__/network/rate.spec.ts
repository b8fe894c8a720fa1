import {
  books,
  flows,
  forEachDoor,
  isBounded,
  startTraffic,
  underEachDoor,
} from '../support/fault.js'
import '../support/census.js'
import { cameWhole } from '../support/doors/traffic.js'

underEachDoor(
  'streams come whole through a thin line, and slow is not idle',
  async (hosts, names) => {
    await hosts.limit('2mbit')
    return forEachDoor(names, async (name) => {
      // Each gets 10 KB in a second, so that all of it takes longer than the patience for silence.
      const length = isBounded ? 20_000 : 80_000
      const load = { count: 4, length, patience: { idleTimeout: 4_000 } }
      await startTraffic(hosts, name, load)
      return books(hosts, name)
    })
  },
  cameWhole,
)

underEachDoor(
  'streams come whole when the line takes smaller packets from now on',
  async (hosts, names) => {
    await hosts.limit('20mbit')
    return forEachDoor(names, async (name) => {
      await startTraffic(hosts, name, { count: 3, length: Infinity })
      await flows(hosts, name)
      for (const host of [hosts.near, hosts.far])
        await host.run(`ip link set ${host.device} mtu 700`)
      const { slowest } = await hosts.near.program.ask('progress', name)
      await flows(hosts, name, slowest + 20_000)
      await hosts.near.program.ask('stop', name)
      return books(hosts, name)
    })
  },
  cameWhole,
)
