import { setImmediate } from 'node:timers/promises'
import { long } from './patience.js'

/** Long for any event on loopback, short for a person. */
const deadline = long(10_000)

/** Turns the event loop until `condition` holds; rejects after 10 s, or later where all takes longer. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + deadline
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`)
    await setImmediate()
  }
}
