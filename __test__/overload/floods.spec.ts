import '../support/census.js'
import { isBounded, onStage, keepsServing } from '../support/overload/stage.js'
import { until } from '../support/until.js'

/** Milliseconds. */
const duration = isBounded ? 500 : 2_000

onStage(
  'connections that come as fast as they can are all served, and others as well',
  isBounded ? ['net'] : ['mirror', 'inline', 'thread', 'auto', 'net', 'http'],
  { pings: 10 },
  async (t, stage, door) => {
    const { server, peers, port, isHttp } = stage
    let [sent, all] = [0, 0]
    const before = (await server.ask('counts')).received
    await keepsServing(t, stage, async () => {
      const bursting = peers.ask('burst', port, 50, duration, isHttp)
      return async () => {
        const burst = await bursting
        t.log(burst)
        t.is(burst.failed, 0)
        sent += burst.sent
        all += burst.ended
      }
    })
    await until('all are gone', async () => (await server.ask('counts')).open === 10)
    const { opened, closed, received } = await server.ask('counts')
    t.true(opened >= all)
    t.deepEqual(Object.keys(closed), ['none'])
    // Those that behave have sent something meanwhile, too.
    if (door !== 'http') t.true(received - before >= sent, `${received - before} of ${sent} bytes`)
    const busy = await server.ask('busy', 500)
    t.true(busy < 0.1, `${busy} of a processor`)
  },
)

onStage(
  'clients that send as fast as they can, and read or do not, stop nobody',
  isBounded ? ['inline'] : ['mirror', 'inline', 'thread', 'auto', 'net'],
  { limits: { idleTimeout: 0 }, pings: 10 },
  async (t, stage) => {
    const { server, peers, port } = stage
    const before = await server.ask('memory')
    for (const isReading of [true, false]) {
      await keepsServing(t, stage, async () => {
        await peers.ask('flood', port, 4, isReading)
        return async () => {
          await peers.ask('calm')
          await until('they are gone', async () => (await server.ask('counts')).open === 10)
        }
      })
    }
    const grown = (await server.ask('memory')) - before
    t.true(grown < 100 * 2 ** 20, `${grown} bytes more`)
  },
)

onStage(
  'datagrams that come as fast as they can stop nobody, and those that do not fit are counted',
  isBounded ? ['mirror'] : ['mirror', 'auto'],
  { pings: 10 },
  async (t, stage) => {
    const { server, peers } = stage
    const port = await server.ask('serveDatagrams')
    let sent = 0
    await keepsServing(t, stage, async () => {
      const flooding = peers.ask('floodDatagrams', port, duration)
      return async () => void (sent += await flooding)
    })
    const [received, lost] = [await server.ask('receivedDatagrams'), await server.ask('lost', port)]
    t.log({ sent, received, lost })
    t.true(received > 1_000)
    t.true(received + lost <= sent)
    // The socket works as before.
    const more = await peers.ask('floodDatagrams', port, 1)
    await until('they arrive', async () => {
      return (await server.ask('receivedDatagrams')) >= received + Math.min(more, 64)
    })
    const busy = await server.ask('busy', 500)
    t.true(busy < 0.1, `${busy} of a processor`)
  },
)
