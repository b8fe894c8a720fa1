/** What is promised to be needed for a workload, and whether it is kept. */
import type { Figures } from './measure.js'

export type Figure = Exclude<keyof Figures, 'units'>

/** A promise: `figure` of `server`, as a multiple of that of `against`, or as it is. */
export interface Goal {
  readonly server: string
  readonly figure: Figure
  readonly against?: string
  readonly most?: number
  readonly least?: number
}

export function target({ most, least }: Goal): string {
  const number = (value: number): string => String(Number(value.toFixed(3)))
  return most === undefined ? `≥ ${number(least ?? NaN)}` : `≤ ${number(most)}`
}

/** What could not be measured is not met. */
export function isMet({ most = Infinity, least = -Infinity }: Goal, value: number): boolean {
  return value <= most && value >= least
}
