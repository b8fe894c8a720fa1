/**
 * The end of a process while a worker waits: `poll`, `uv` or `thread`. The main thread exits with
 * code 7 as soon as the worker says that it is about to wait, and prints the time.
 */
import { Worker } from 'node:worker_threads'

const worker = new Worker(new URL('waiting-worker.js', import.meta.url), {
  workerData: process.argv[2],
})
worker.once('message', () => {
  // The worker is inside the wait, or enters it now; both must end.
  setTimeout(() => {
    console.log(Date.now())
    process.exit(7)
  }, 50)
})
