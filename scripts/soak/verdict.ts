/** Whether what a process holds has grown, and how that is told. */
import type { Sample } from './pair.js'
import { type Slope, median, slopeOf } from './slope.js'

export type Quantity = 'descriptors' | 'threads' | 'memory'

export interface Growth {
  readonly end: 'server' | 'clients'
  readonly quantity: Quantity
  readonly median: number
  /** In the time that was looked at. */
  readonly slope: Slope
  /** More than that is a leak. */
  readonly allowed: number
  readonly isLeak: boolean
}

/** How much may be by chance: the rest is what connections that come and go have open at a time. */
function allowedOf(quantity: Quantity, middle: number): number {
  if (quantity === 'memory') return Math.max(8 * 2 ** 20, 0.05 * middle)
  return quantity === 'descriptors' ? Math.max(8, 0.002 * middle) : 0.5
}

/** The samples without the time in which a process warms up: code is compiled, the heap is sized. */
export function afterWarmUp(samples: readonly Sample[]): readonly Sample[] {
  const seconds = samples.at(-1)?.second ?? 0
  const warmUp = Math.min(300, 0.4 * seconds)
  return samples.filter(({ second }) => second >= warmUp)
}

/**
 * How each quantity has grown. It is a leak when the growth is more than allowed, and surely there:
 * when the interval of the slope does not reach zero either.
 */
export function growths(samples: readonly Sample[]): Growth[] {
  const settled = afterWarmUp(samples)
  return (['server', 'clients'] as const).flatMap((end) =>
    (['descriptors', 'threads', 'memory'] as const).map((quantity) => {
      const points = binned(settled, (sample) => sample[end][quantity])
      const time = points.at(-1)!.x - points[0]!.x
      const perSecond = slopeOf(points)
      const slope = {
        estimate: perSecond.estimate * time,
        low: perSecond.low * time,
        high: perSecond.high * time,
      }
      const middle = median(points.map(({ y }) => y))
      const allowed = allowedOf(quantity, middle)
      const isLeak = slope.estimate > allowed && slope.low > 0
      return { end, quantity, median: middle, slope, allowed, isLeak }
    }),
  )
}

/** Medians of some seconds each: five, or fewer where that would make fewer than 60 points. */
export function binned(
  samples: readonly Sample[],
  of: (sample: Sample) => number,
): { x: number; y: number }[] {
  const time = samples.at(-1)!.second - samples[0]!.second
  const bin = Math.min(Math.max(Math.floor(time / 60), 1), 5)
  const bins = new Map<number, number[]>()
  for (const sample of samples) {
    const at = Math.floor(sample.second / bin)
    bins.set(at, [...(bins.get(at) ?? []), of(sample)])
  }
  return [...bins].map(([at, values]) => ({ x: at * bin, y: median(values) }))
}
