import type { ExecutionContext } from 'ava'
import '../support/census.js'
import type { DoorName } from '../support/doors/index.js'
import { whyNoGroup } from '../support/overload/memory-group.js'
import { type Stage, isBounded, onStage } from '../support/overload/stage.js'
import { until } from '../support/until.js'

/** Bytes. Groups of version 2 count what the kernel buffers for sockets as well. */
const limit = 200 * 10 ** 6
const readers = isBounded ? 500 : 1_000
/** Milliseconds of each kind of overload. */
const duration = isBounded ? 1_000 : 3_000

const reason = whyNoGroup()
/** Where there are no groups the collector is bounded, and the memory of the process is looked at. */
const heap = ['--max-old-space-size=64']

async function overload(t: ExecutionContext, stage: Stage, door: DoorName): Promise<number> {
  const { server, peers, pings, port, isHttp } = stage
  await peers.ask('readers', port, readers, isHttp)
  const { memory } = await server.ask('broadcast', 16 * 1024, duration)
  await peers.ask('disperse')
  if (!isHttp) await peers.ask('flood', port, 20, false)
  await peers.ask('trickle', port, readers, 100, isHttp)
  const { count } = await pings.ask('measure', duration)
  t.true(count > 10, `${count} answers`)
  // Whoever sends and comes meanwhile has to wait, in the buffers that the system has.
  const bursting = peers.ask('burst', port, 50, duration / 2, isHttp)
  await server.ask('compute', duration / 2)
  t.is((await bursting).failed, 0)
  await peers.ask('calm')
  await peers.ask('disperse')
  await until(`${door}: all are gone`, async () => (await server.ask('counts')).open === 20)
  return Math.max(memory, await server.ask('memory'))
}

const scene = {
  limits: { maxPending: 256 * 1024, maxPendingTotal: 32 * 2 ** 20, sendBufferSize: 16_384 },
  nodeOptions: heap,
  pings: 20,
}
const allDoors: readonly DoorName[] = ['inline', 'thread', 'auto', 'net', 'http']
const doors: readonly DoorName[] = isBounded ? ['auto'] : allDoors

if (reason === undefined) {
  onStage(
    'in 200 MB of memory a server lives through slow readers, slow writers and floods',
    doors,
    { ...scene, memory: limit },
    async (t, stage, door) => {
      const memory = await overload(t, stage, door)
      const { killed, peak } = stage.group!
      t.log({ peak, memory })
      t.is(killed, 0)
      t.true(peak < limit, `${peak} bytes`)
    },
  )
} else {
  onStage(
    `in 200 MB of memory a server lives through slow readers, slow writers and floods (by its own figures: ${reason})`,
    doors,
    scene,
    async (t, stage, door) => {
      const memory = await overload(t, stage, door)
      t.true(memory < limit, `${memory} bytes`)
    },
  )
}
