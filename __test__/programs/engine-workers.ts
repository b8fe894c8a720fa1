/**
 * Loads the engine only in workers, 15 in sequence and 15 at once; each echoes and ends. Before that
 * some are terminated while they load it.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const workerData = { io: process.argv[2], what: 'echo', port: 0 }

async function work(): Promise<void> {
  const worker = new Worker(new URL('engine-worker.js', import.meta.url), { workerData })
  let echoed = ''
  worker.on('message', (text) => (echoed += String(text)))
  const code = await new Promise<number>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', resolve)
  })
  if (code !== 0 || echoed !== 'echo') throw new Error(`a worker ended with ${code}, ${echoed}`)
}

for (let n = 0; n < 10; n += 1) {
  const worker = new Worker(new URL('engine-worker.js', import.meta.url), { workerData })
  await once(worker, 'online')
  for (let turn = 0; turn < n * 100; turn += 1) await setImmediate()
  await worker.terminate()
}
for (let n = 0; n < 15; n += 1) await work()
await Promise.all(Array.from({ length: 15 }, work))
console.log('done')
