/** Preloaded: SIGUSR2 ends the first worker that is alive, as an uncaught exception would. */
import type { Worker } from 'node:worker_threads'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const workers = new Set<Worker>()
  process.on('worker', (worker) => {
    workers.add(worker)
    worker.once('exit', () => workers.delete(worker))
  })
  process.on('SIGUSR2', () => {
    const [first] = workers
    void first?.terminate()
  })
}
