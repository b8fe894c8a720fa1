/** Tables of what was measured, and of what was promised. */
import { type Spread, show, spread, table } from '../statistics.js'
import { type Figure, type Goal, isMet, target } from './goal.js'
import type { Figures } from './measure.js'
import type { Workload } from './workload.js'

export interface Sample extends Figures {
  readonly workload: string
  readonly server: string
  readonly repeat: number
}

interface Column {
  title(unit: string): string
  readonly digits: number
  /** CPU and memory: shown with their range, and compared with the baseline. */
  readonly cost: boolean
}

const columns: Record<Figure, Column> = {
  mainMicros: { title: (unit) => `JS thread, µs per ${unit}`, digits: 2, cost: true },
  processMicros: { title: (unit) => `process, µs per ${unit}`, digits: 2, cost: true },
  unitsPerSecond: { title: (unit) => `${plural(unit)}/s`, digits: 0, cost: false },
  p50Micros: { title: () => 'p50, µs', digits: 1, cost: false },
  p99Micros: { title: () => 'p99, µs', digits: 1, cost: false },
  ownBytes: { title: (unit) => `own memory, bytes per ${unit}`, digits: 0, cost: true },
  rssBytes: { title: (unit) => `RSS, bytes per ${unit}`, digits: 0, cost: true },
  idleMicros: { title: () => 'CPU in 1 s of rest, µs', digits: 0, cost: false },
}

export const goalHead = ['workload', 'server', 'figure', 'median (range)', 'target', 'met']

function plural(unit: string): string {
  if (unit === 'MB') return unit
  return unit === 'query' ? 'queries' : `${unit}s`
}

/** One figure of one server, in all repeats, in order. */
function series(samples: readonly Sample[], server: string, figure: Figure): number[] {
  return samples
    .filter((sample) => sample.server === server)
    .toSorted((a, b) => a.repeat - b.repeat)
    .map((sample) => sample[figure] ?? NaN)
}

/** The ratios of `server` to `against`, each within one repeat. */
function ratios(
  samples: readonly Sample[],
  server: string,
  against: string,
  figure: Figure,
): Spread {
  const others = series(samples, against, figure)
  const own = series(samples, server, figure)
  return spread(own.map((value, repeat) => value / (others[repeat] ?? NaN)))
}

export function figuresTable(
  { baseline, figures, goals, role = 'server', servers, unit }: Workload,
  samples: readonly Sample[],
): string {
  const isCompared = (figure: Figure): boolean =>
    columns[figure].cost ||
    goals.some((goal) => goal.figure === figure && goal.against !== undefined)
  const head = figures.flatMap((figure) => {
    const title = columns[figure].title(unit)
    return isCompared(figure) ? [title, `: ${baseline.replace('node:', '')}`] : [title]
  })
  const cells = (server: string, figure: Figure): string[] => {
    const { cost, digits } = columns[figure]
    const values = spread(series(samples, server, figure))
    const value = cost ? show(values, digits) : values.median.toFixed(digits)
    return isCompared(figure)
      ? [value, show(ratios(samples, server, baseline, figure), 3)]
      : [value]
  }
  const rows = [...servers.keys()].map((server) => [
    server,
    ...figures.flatMap((figure) => cells(server, figure)),
  ])
  return table([[role, ...head], ...rows])
}

/** Rows of the table of promises, under `goalHead`. */
export function goalRows(
  name: string,
  { goals, unit }: Workload,
  samples: readonly Sample[],
): string[][] {
  return goals.map((goal: Goal) => {
    const { title, digits } = columns[goal.figure]
    const alone = goal.against === undefined
    const measured = alone
      ? spread(series(samples, goal.server, goal.figure))
      : ratios(samples, goal.server, goal.against, goal.figure)
    return [
      name,
      goal.server,
      alone ? title(unit) : `${title(unit)} : ${goal.against}`,
      show(measured, alone ? digits : 3),
      target(goal),
      isMet(goal, measured.median) ? 'yes' : '**no**',
    ]
  })
}
