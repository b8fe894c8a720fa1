/** What the engine promises to need for a workload, and whether it does. */
import type { Figures } from './measure.js'
import { baseline, thread } from './servers.js'

export type Figure = Exclude<keyof Figures, 'units'>

/** A promise: `figure` of `server`, as a multiple of that of `against`, or as it is. */
export interface Goal {
  readonly server: string
  readonly figure: Figure
  readonly against?: string
  readonly most?: number
  readonly least?: number
}

/** What the thread of JavaScript and the whole process may cost, against `node:net`. */
export function costs(main: number, whole: number, server = thread): Goal[] {
  return [
    { server, figure: 'mainMicros', against: baseline, most: main },
    { server, figure: 'processMicros', against: baseline, most: whole },
  ]
}

export function target({ most, least }: Goal): string {
  const number = (value: number): string => String(Number(value.toFixed(3)))
  return most === undefined ? `≥ ${number(least ?? NaN)}` : `≤ ${number(most)}`
}

/** What could not be measured is not met. */
export function isMet({ most = Infinity, least = -Infinity }: Goal, value: number): boolean {
  return value <= most && value >= least
}
