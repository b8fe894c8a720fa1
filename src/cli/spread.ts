/** Medians with their range: on a machine that does other things as well, a mean measures those. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? NaN
  const middle = sorted.length / 2
  const median =
    sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}

export function show({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

/** The ratios of two series, each within one repeat, which the same neighbours have disturbed. */
export function ratios(values: readonly number[], others: readonly number[]): Spread {
  return spread(values.map((value, repeat) => value / (others[repeat] ?? NaN)))
}

/** The largest factor between repeats that says nothing against a ratio. */
const usual = 1.5

/**
 * Whether a ratio of several repeats means anything. It does not if the repeats differ by more than a
 * factor of 1.5, and by more than what the ratio says: one of 0.9 whose repeats are 0.6 to 1.3 is noise,
 * one of 0.1 whose repeats are 0.07 to 0.14 is none. A single repeat has no range, and means nothing.
 */
export function isTelling({ median, min, max }: Spread, repeats: number): boolean {
  if (!(min > 0 && Number.isFinite(max)) || repeats < 3) return false
  const factor = max / min
  return factor <= usual || factor <= Math.max(median, 1 / median)
}
