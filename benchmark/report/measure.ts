import type { Settings } from '../suite/measure.js'
import type { Measured } from './comparisons.js'
import type { Sample } from './samples.js'

/**
 * Makes all comparisons: in each, all servers in turn, and that again for each repeat, so that what
 * else the machine does hits all of them. A run that fails is written down as that.
 */
export async function measureAll(
  comparisons: readonly Measured[],
  repeats: number,
  settings: Settings,
  tell: (text: string) => void,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const [index, comparison] of comparisons.entries()) {
    const { commands, family, missing, title, x } = comparison
    if (missing !== undefined) {
      tell(`${title}: not measured, ${missing}`)
      continue
    }
    tell(`${index + 1} of ${comparisons.length}: ${title}`)
    const servers = [...commands]
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      // Each is first once: nobody always comes after the same one.
      const first = repeat % servers.length
      for (const [server, command] of [...servers.slice(first), ...servers.slice(0, first)]) {
        const place = { family, ...(x === undefined ? {} : { x }), server, repeat }
        try {
          samples.push({ ...place, ...(await comparison.measure(command, settings)) })
        } catch (error) {
          tell(`${server} failed: ${(error as Error).message}`)
          samples.push({ ...place, error: (error as Error).message })
        }
      }
    }
  }
  return samples
}
