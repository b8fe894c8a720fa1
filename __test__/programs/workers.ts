/**
 * Loads the package only in workers: `workers.js DOOR IO SEQUENCE AT_ONCE`. Each echoes and ends; some
 * are terminated before that, while they load it. Prints JSON: what the process holds after the first
 * ones, and at the end.
 */
import { once } from 'node:events'
import { echoes, held, settled, start, turns } from '../support/workers.js'

const [door = '', io = ''] = process.argv.slice(2)
const [sequence, atOnce] = process.argv.slice(4).map(Number) as [number, number]
const driver = io as 'inline'

async function together(): Promise<void> {
  await Promise.all(Array.from({ length: atOnce }, async () => echoes(door, driver)))
}

for (let n = 0; n < 10; n += 1) {
  const { worker } = start(door, { what: 'echo', io: driver })
  await once(worker, 'online')
  await turns(n * 100)
  await worker.terminate()
}
// What stays after the first ones is Node's, and the system's for as many threads.
await echoes(door, driver)
await together()
const before = held()
for (let n = 0; n < sequence; n += 1) await echoes(door, driver)
await together()
process.stdout.write(JSON.stringify({ before, after: await settled(before) }))
