/**
 * Whether a series of numbers grows. By Theil and Sen: the median of the slopes between all pairs of
 * points, which a third of wild points does not move; and Sen's interval around it, by the normal
 * approximation of Kendall's statistic.
 */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface Slope {
  /** Of y for one of x. */
  readonly estimate: number
  /** With 95 % confidence it is no less, and no more. */
  readonly low: number
  readonly high: number
}

const confidence = 1.96

/** At least 3 points, whose x differ. */
export function slopeOf(points: readonly Point[]): Slope {
  const slopes: number[] = []
  for (let first = 0; first < points.length; first += 1) {
    for (let second = first + 1; second < points.length; second += 1) {
      const [a, b] = [points[first]!, points[second]!]
      if (a.x !== b.x) slopes.push((b.y - a.y) / (b.x - a.x))
    }
  }
  if (slopes.length < 3) throw new RangeError('too few points for a slope')
  slopes.sort((a, b) => a - b)
  const n = points.length
  const variance = (n * (n - 1) * (2 * n + 5)) / 18
  const margin = (confidence * Math.sqrt(variance)) / 2
  const middle = (slopes.length - 1) / 2
  const at = (index: number): number =>
    slopes[Math.min(Math.max(Math.round(index), 0), slopes.length - 1)]!
  return { estimate: median(slopes), low: at(middle - margin), high: at(middle + margin) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2
}
