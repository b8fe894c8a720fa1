import {
  books,
  forEachDoor,
  isBounded,
  startTraffic,
  underEachDoor,
  untilSlowly,
} from '../support/fault.js'
import '../support/census.js'
import { cameWhole } from '../support/doors/traffic.js'

for (const percent of isBounded ? [3] : [1, 3, 10]) {
  underEachDoor(
    `streams come whole when ${percent} % of the packets are lost`,
    async (hosts, names) => {
      await hosts.lose(percent)
      const outcome = await forEachDoor(names, async (name) => {
        const { address, address6 } = hosts.far
        const load = { count: 6, length: percent > 5 ? 20_000 : 60_000 }
        await startTraffic(hosts, name, load, percent === 3 ? address6 : address)
        return books(hosts, name)
      })
      await untilSlowly('packets were lost', async () => (await hosts.met()) > 0)
      return outcome
    },
    cameWhole,
  )
}
