import type { ExecutionContext } from 'ava'
import { onHosts } from '../support/fault.js'
import '../support/census.js'
import type { Counts } from '../support/datagram-traffic.js'
import type { Hosts } from '../support/hosts.js'

/** Datagrams of each try. */
const count = 1_000

async function send({ near }: Hosts): Promise<Counts> {
  return near.program.ask('sendDatagrams', count)
}

async function connect({ near, far }: Hosts): Promise<void> {
  const port = await far.program.ask('echoDatagrams', far.address)
  await near.program.ask('connectDatagrams', { host: far.address, port })
}

/** Not much is lost on a cable, though a busy machine may have no room for a few. */
async function works(t: ExecutionContext, hosts: Hosts): Promise<void> {
  const { received, ...counts } = await send(hosts)
  t.deepEqual(counts, { sent: count, damaged: 0, repeated: 0, errors: [] })
  t.true(received > count / 2, `${received} came back`)
}

onHosts('of datagrams some are lost, and the others are whole and come once', async (t, hosts) => {
  await connect(hosts)
  await hosts.lose(20)
  const { received, ...counts } = await send(hosts)
  t.deepEqual(counts, { sent: count, damaged: 0, repeated: 0, errors: [] })
  // There and back, four of five each time.
  t.true(received < 0.8 * count && received > 0.3 * count, `${received} came back`)
})

onHosts(
  'datagrams that nobody gets are no error, and the next ones come back',
  async (t, hosts) => {
    await connect(hosts)
    await hosts.swallow()
    t.deepEqual(await send(hosts), {
      sent: count,
      received: 0,
      damaged: 0,
      repeated: 0,
      errors: [],
    })
    await hosts.heal()
    await works(t, hosts)
  },
)

// Of what is no answer of the peer itself Linux tells a datagram socket nothing.
for (const [answer, errors] of [
  ['port-unreachable', ['ECONNREFUSED']],
  ['host-unreachable', []],
] as const) {
  const outcome = errors.length === 0 ? 'no error' : errors.join()
  onHosts(`datagrams that are answered by ${answer} are ${outcome}`, async (t, hosts) => {
    await connect(hosts)
    await hosts.refuse(answer)
    const { sent, ...counts } = await send(hosts)
    // An answer may be told by the next send, which has sent nothing then.
    t.true(sent >= 1 && sent <= count)
    t.deepEqual(counts, { received: 0, damaged: 0, repeated: 0, errors: [...errors] })
    await hosts.heal()
    await works(t, hosts)
  })
}

onHosts('datagrams without a cable are ENETUNREACH, and come back with it', async (t, hosts) => {
  await connect(hosts)
  await hosts.unplug(hosts.near)
  t.deepEqual(await send(hosts), {
    sent: 0,
    received: 0,
    damaged: 0,
    repeated: 0,
    errors: ['ENETUNREACH'],
  })
  await hosts.plug(hosts.near)
  await works(t, hosts)
})
