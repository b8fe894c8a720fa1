/** What a run of the report leaves: all that its page and its plots are made of. */
import type { Machine } from '../machine.js'
import { type Spread, isTelling, ratios, show, spread } from '../statistics.js'
import type { Figures } from '../suite/measure.js'

export type Family = 'echo' | 'http' | 'redis' | 'connections' | 'size' | 'threads'

export interface Comparison {
  readonly family: Family
  /** What grows within a family of several: connections, bytes, threads. */
  readonly x?: number | undefined
  readonly title: string
  readonly unit: string
  /** Who asks the servers. */
  readonly client: string
  /** The one of ours that other runtimes are held against, too. */
  readonly ours?: string | undefined
  /** Why it could not be made. */
  readonly missing?: string | undefined
  readonly servers: readonly { readonly name: string; readonly against?: string | undefined }[]
}

/** One run of one server; or why there is none. */
export interface Sample extends Partial<Figures> {
  readonly family: Family
  readonly x?: number | undefined
  readonly server: string
  readonly repeat: number
  readonly error?: string
}

export interface Report {
  readonly machine: Machine
  readonly repeats: number
  readonly seconds: number
  readonly missing: readonly { readonly name: string; readonly reason: string }[]
  readonly comparisons: readonly Comparison[]
  readonly samples: readonly Sample[]
}

export type Figure = 'mainMicros' | 'processMicros' | 'unitsPerSecond' | 'p50Micros' | 'p99Micros'

/** Whether less of it is better. */
export const isCost = (figure: Figure): boolean => figure !== 'unitsPerSecond'

/** One figure of one server, by repeat; NaN where a run failed. */
export function series(
  { repeats, samples }: Report,
  { family, x }: Comparison,
  server: string,
  figure: Figure,
): number[] {
  const values = Array.from({ length: repeats }, () => NaN)
  for (const sample of samples) {
    const isOfIt = sample.family === family && sample.x === x && sample.server === server
    if (isOfIt) values[sample.repeat] = sample[figure] ?? NaN
  }
  return values
}

const isKnown = (value: number): boolean => Number.isFinite(value)

export function valueOf(values: readonly number[]): Spread {
  return spread(values.filter(isKnown))
}

/** The ratio to another server, each within one repeat, and whether it says anything. */
export function ratioOf(
  values: readonly number[],
  others: readonly number[],
): Spread & { readonly isTelling: boolean } {
  const both = values.map((value, repeat) => [value, others[repeat] ?? NaN] as const)
  const known = both.filter(([value, other]) => isKnown(value / other))
  const ratio = ratios(
    known.map(([value]) => value),
    known.map(([, other]) => other),
  )
  return { ...ratio, isTelling: isTelling(ratio, known.length) }
}

/** A ratio, or why there is none. */
export function showRatio(
  ratio: Spread & { readonly isTelling: boolean },
  repeats: number,
): string {
  if (ratio.isTelling) return `${show(ratio)} ×`
  if (!isKnown(ratio.median)) return '–'
  if (repeats < 3) return 'too few repeats'
  return `unclear: ${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`
}

/** The file of raw samples, one a line. */
export function rawReport({ samples, ...rest }: Report): string {
  const head = JSON.stringify(rest).slice(0, -1)
  return `${head},\n"samples":[\n${samples.map((sample) => JSON.stringify(sample)).join(',\n')}\n]}\n`
}
