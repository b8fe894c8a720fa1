/** Wakes a Poll that has been blocked for several slices of its wait. */
import { workerData } from 'node:worker_threads'
import { type SharedWaker, Waker } from 'mio-js'

setTimeout(() => {
  Waker.from(workerData as SharedWaker).wake()
}, 350)
