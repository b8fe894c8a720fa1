import '../support/census.js'
import { isBounded, keepsServing, onStage, staysFast } from '../support/overload/stage.js'
import { until } from '../support/until.js'

const readers = isBounded ? 300 : 1_000
const [maxPending, maxPendingTotal] = [64 * 1024, 32 * 2 ** 20]
/** Bytes of each broadcast. */
const size = 4 * 1024

onStage(
  `${readers} clients that do not read are closed while others are served, and hold no more than they may`,
  isBounded ? ['thread'] : ['inline', 'thread', 'auto', 'net'],
  { limits: { maxPending, maxPendingTotal, sendBufferSize: 16 * 1024, idleTimeout: 0 }, pings: 20 },
  async (t, stage, door) => {
    const { server, peers, port } = stage
    let rounds = 0
    // What the engine does by one crossing takes a thousand calls of net.
    const compare = door === 'net' ? keepsServing : staysFast
    await compare(t, stage, async () => {
      rounds += 1
      const before = await server.ask('memory')
      await peers.ask('readers', port, readers, false)
      const all = 20 + readers * rounds
      await until('all are there', async () => (await server.ask('counts')).opened >= all)
      const casting = server.ask('broadcast', size, 500, readers * rounds)
      return async () => {
        const { reached, pending, memory, longest } = await casting
        t.log({ reached, pending, grown: memory - before, longest })
        t.true(reached >= readers, `${reached} were written to`)
        // Of net the limit is for each socket alone.
        const total = door === 'net' ? readers * maxPending : maxPendingTotal
        t.true(pending <= total + size, `${pending} bytes waited`)
        // What the engine has, once more on the way to it, and garbage.
        const grown = memory - before
        t.true(grown < 2 * total + 64 * 2 ** 20, `${grown} bytes more`)
        await until('all that do not read are closed', async () => {
          const { closed } = await server.ask('counts')
          return (closed['ERR_PENDING_LIMIT'] ?? 0) >= readers * rounds
        })
        t.is((await server.ask('counts')).open, 20)
        t.false((await server.ask('counts')).isReentrant, 'closed from within a broadcast')
        await peers.ask('disperse')
      }
    })
  },
)

onStage(
  `${readers} clients that do not read are left out, and hold no more than they may`,
  isBounded ? [] : ['http'],
  { limits: { sendBufferSize: 16 * 1024 }, pings: 20 },
  async (t, stage) => {
    const { server, peers, port } = stage
    await keepsServing(t, stage, async () => {
      const before = await server.ask('memory')
      await peers.ask('readers', port, readers, true)
      await until('all are there', async () => (await server.ask('counts')).open >= readers + 20)
      const casting = server.ask('broadcast', size, 500)
      return async () => {
        const { reached, pending, memory, longest } = await casting
        t.log({ reached, pending, grown: memory - before, longest })
        t.true(reached >= readers, `${reached} were written to`)
        // As much as the high-water mark of each stream, and the write that went beyond it.
        t.true(pending <= readers * (64 * 1024 + size), `${pending} bytes waited`)
        const grown = memory - before
        t.true(grown < 2 * readers * (64 * 1024 + size) + 64 * 2 ** 20, `${grown} bytes more`)
        await peers.ask('disperse')
        await until('all are gone', async () => (await server.ask('counts')).open === 20)
      }
    })
  },
)
