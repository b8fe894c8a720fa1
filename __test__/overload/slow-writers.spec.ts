import '../support/census.js'
import { isBounded, onStage, staysFast } from '../support/overload/stage.js'
import { until } from '../support/until.js'

const writers = isBounded ? 1_000 : 5_000
/** Milliseconds between two bytes of each. */
const pace = 1_000
const patience = isBounded ? 2_000 : 3_000

onStage(
  `${writers} clients that send a byte now and then are closed in time, while others are served`,
  isBounded ? ['inline', 'http'] : ['inline', 'thread', 'auto', 'http'],
  { limits: { idleTimeout: patience, headersTimeout: patience }, pings: 20 },
  async (t, stage, door) => {
    const { server, peers, pings, port, isHttp } = stage
    let rounds = 0
    /** Those that behave go on: they would be closed as well if they said nothing for so long. */
    const untilOthers = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
      await until(what, async () => {
        await pings.ask('measure', 50)
        return condition()
      })
    }
    await staysFast(t, stage, async () => {
      rounds += 1
      const all = 20 + writers * rounds
      const come = peers.ask('trickle', port, writers, pace, isHttp)
      await untilOthers('all are there', async () => (await server.ask('counts')).opened >= all)
      await come
      return async () => {
        await untilOthers(
          'all of them are closed',
          async () => (await peers.ask('crowd')).open === 0,
        )
        const { longest } = await peers.ask('crowd')
        t.log({ longest })
        // Core looks for slow requests each half a second here; others may have to wait for their turn.
        t.true(longest > patience - 100 && longest < patience + 8_000, `open for ${longest} ms`)
        await peers.ask('disperse')
        await untilOthers('the server knows', async () => (await server.ask('counts')).open === 20)
        const { closed } = await server.ask('counts')
        if (door !== 'http') t.is(closed['ERR_IDLE_TIMEOUT'], writers * rounds)
      }
    })
  },
)

onStage(
  `${writers} clients that send a byte now and then cost little, and others are served`,
  isBounded ? [] : ['net', 'mirror'],
  { pings: 20 },
  async (t, stage) => {
    const { server, peers, port } = stage
    await staysFast(t, stage, async () => {
      const before = await server.ask('memory')
      await peers.ask('trickle', port, writers, pace, false)
      await until('all are there', async () => (await server.ask('counts')).open >= 20 + writers)
      return async () => {
        await peers.ask('finish')
        await until('each is answered', async () => (await peers.ask('crowd')).answered === writers)
        const each = ((await server.ask('memory')) - before) / writers
        t.log({ each })
        t.true(each < 40_000, `${each} bytes for each`)
        const busy = await server.ask('busy', 1_000)
        t.true(busy < 0.9, `${busy} of a processor`)
        await peers.ask('disperse')
        await until('all are gone', async () => (await server.ask('counts')).open === 20)
      }
    })
  },
)
