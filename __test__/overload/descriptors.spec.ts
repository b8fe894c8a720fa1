import '../support/census.js'
import { isBounded, onStage } from '../support/overload/stage.js'
import { until } from '../support/until.js'

const clients = 200

onStage(
  `with 64 descriptors ${clients} clients are served as descriptors come free`,
  isBounded ? ['auto', 'net'] : ['mirror', 'inline', 'thread', 'auto', 'net', 'http'],
  { descriptors: 64, limits: { maxConnections: 1_000_000, idleTimeout: 60_000 }, pings: 2 },
  async (t, { server, peers, pings, port, isHttp }, door) => {
    const before = await server.ask('descriptors')
    const fates = await peers.ask('visit', port, clients, isHttp)
    t.is(fates.served + fates.closed + fates.waiting, clients)
    t.true(fates.served >= 10 && fates.served < 64, JSON.stringify(fates))
    // The mirror leaves them in the queue, as its program does; the engine says that there is no room.
    t.is(door === 'mirror' ? fates.closed : fates.waiting, 0, JSON.stringify(fates))
    // Those who are there are served, and nothing is tried all the time.
    const { count } = await pings.ask('measure', 200)
    t.true(count > 10, `${count} answers`)
    const busy = await server.ask('busy', 1_000)
    t.true(busy < 0.05, `${busy} of a processor`)

    if (door === 'mirror') {
      // Who waits is served when others leave, without coming again.
      await peers.ask('leave')
      const again = await peers.ask('visit', port, 20, isHttp)
      t.is(again.served, 20)
    }
    await peers.ask('leave')
    const refusals = await peers.ask('insist', port, clients, isHttp)
    t.log({ ...fates, busy, refusals })
    await until('all have left', async () => (await server.ask('descriptors')) <= before)
    await until('they were told of', async () => (await server.ask('counts')).open === 2)
    const { opened, stats } = await server.ask('counts')
    t.true(opened >= clients + fates.served, `${opened} were opened`)
    t.is(stats.acceptErrors ?? 0, 0)
  },
)
