/** Uses up all descriptors, and then waits by a thread, which needs one. */
import { closeSync, openSync } from 'node:fs'
import { Events, Poll } from 'mio-js'

process.env['MIO_JS_WAKE'] = 'thread'
const poll = new Poll()
const opened: number[] = []
try {
  for (;;) opened.push(openSync('/dev/null', 'r'))
} catch {
  // EMFILE.
}
const start = performance.now()
const error = await poll
  .pollAsync(Events.withCapacity(1), { timeout: 60_000 })
  .catch((reason: unknown) => reason as NodeJS.ErrnoException)
for (const fd of opened) closeSync(fd)
process.once('exit', () => {
  console.log((error as NodeJS.ErrnoException).code, Math.round(performance.now() - start))
})
