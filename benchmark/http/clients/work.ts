/** The conversation of a client with the benchmark: that of the programs in `native/src/driver.rs`. */
import { createInterface } from 'node:readline'

/** How many queries are sent before the first reply is waited for. */
export const PIPELINE = 100

/** Where the database listens, and for how many seconds to work. */
export interface Task {
  readonly port: number
  readonly seconds: number
  readonly warmup: number
}

export function task(): Task {
  const [port = NaN, seconds = NaN, warmup = NaN] = process.argv.slice(2).map(Number)
  return { port, seconds, warmup }
}

/**
 * Repeats `ask`, which makes a query and rejects if the reply is wrong: by the pipeline, for as long as
 * the task says, and reports.
 */
export async function work(
  { seconds, warmup }: Task,
  ask: (n: number) => Promise<void>,
): Promise<void> {
  const numbers = Array.from({ length: PIPELINE }, (_, n) => n)
  const during = async (length: number): Promise<[units: number, seconds: number]> => {
    const start = performance.now()
    let elapsed = 0
    let units = 0
    while (elapsed < length * 1000) {
      await Promise.all(numbers.map(ask))
      units += PIPELINE
      elapsed = performance.now() - start
    }
    return [units, elapsed / 1000]
  }
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  await during(warmup)
  console.log('start')
  await lines.next()
  const [units, elapsed] = await during(seconds)
  console.log(JSON.stringify({ units, unitsPerSecond: units / elapsed }))
  // The end of input: the benchmark has seen enough.
  await lines.next()
}
