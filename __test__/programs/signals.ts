/** Blocks its main thread in a poll of 300 ms, while signals rain; prints how long it took. */
import { writeSync } from 'node:fs'
import { Events, Poll } from 'mio-js'
import { until } from '../support/until.js'

let signals = 0
process.on('SIGUSR2', () => {
  signals += 1
})
writeSync(1, 'ready\n')
const start = performance.now()
const count = new Poll().poll(Events.withCapacity(1), 300)
const duration = performance.now() - start
// The handler runs when the thread is free again.
await until('the handler ran', () => signals > 0)
writeSync(1, JSON.stringify({ count, duration, signals }))
process.exit()
