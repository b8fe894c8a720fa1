/** Loads the package only in workers, 20 in sequence and 20 at once; each echoes and ends. */
import { Worker } from 'node:worker_threads'

async function work(): Promise<void> {
  const worker = new Worker(new URL('echoing-worker.js', import.meta.url))
  const code = await new Promise<number>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`a worker ended with ${code}`)
}

for (let n = 0; n < 20; n += 1) await work()
await Promise.all(Array.from({ length: 20 }, work))
console.log('done')
