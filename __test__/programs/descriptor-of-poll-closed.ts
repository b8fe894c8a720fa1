/** Closes the selector's descriptor behind the back of its Poll, during a wait and before one. */
import { closeSync } from 'node:fs'
import { Events, Poll } from 'mio-js'

const events = Events.withCapacity(4)
for (const hasWaited of [false, true]) {
  const poll = new Poll()
  if (hasWaited) await poll.pollAsync(events, { timeout: 1 })
  const wait = poll.pollAsync(events, { timeout: 50 })
  closeSync(poll.asRawFd())
  await wait.catch(() => {})
  poll.close()
}
console.log('done')
