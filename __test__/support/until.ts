import { setImmediate } from 'node:timers/promises'

/** Long for any event on loopback, short for a person. */
const deadline = 10_000

/** Turns the event loop until `condition` holds; rejects after 10 s. */
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
