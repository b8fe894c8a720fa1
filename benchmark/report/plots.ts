/** The plots of the report: bars with their spread, and lines along what grows. */
import { type Bar, bars } from '../bars.js'
import type { Machine } from '../machine.js'
import { type Line, type Panel, plot } from '../plot.js'
import {
  type Comparison,
  type Family,
  type Figure,
  type Report,
  series,
  valueOf,
} from './samples.js'

const isOurs = (name: string): boolean => name.startsWith('mio-js')

/** SVG by the name of its file. */
export function plotsOf(report: Report): Map<string, string> {
  const plots = new Map<string, string>()
  for (const family of ['echo', 'http', 'redis'] as const) {
    const comparison = report.comparisons.find((one) => one.family === family)
    const drawn = comparison && barsOf(report, comparison)
    if (drawn !== undefined) plots.set(fileOf(family), drawn)
  }
  for (const [family, { title, x }] of Object.entries(growing)) {
    const drawn = linesOf(report, family as Family, title, x)
    if (drawn !== undefined) plots.set(fileOf(family as Family), drawn)
  }
  return plots
}

export function fileOf(family: Family): string {
  return `benchmark-${family}.svg`
}

const growing: Partial<Record<Family, { title: string; x: string }>> = {
  connections: { title: 'CPU per echoed message of 64 bytes, by connections', x: 'connections' },
  size: { title: 'CPU per echoed message of 50 connections, by its size', x: 'bytes' },
  threads: { title: 'CPU per echoed message of 64 bytes, by I/O threads', x: 'I/O threads' },
}

function noteOf({ repeats, seconds }: Report): string {
  return `Medians of ${repeats} interleaved run${repeats === 1 ? '' : 's'} of ${seconds} s, and the range.`
}

/** All versions stand on the page, and have no room here. */
function shortly({ cores, cpu, date, kernel, versions }: Machine): string {
  return `${date} · ${cpu}, ${cores} cores · ${kernel} · mio-js ${versions['mio-js']}`
}

function barsOf(report: Report, comparison: Comparison): string | undefined {
  const drawn = comparison.servers.flatMap(({ name }): Bar[] => {
    const of = (figure: Figure): ReturnType<typeof valueOf> =>
      valueOf(series(report, comparison, name, figure))
    const value = of('mainMicros')
    if (!Number.isFinite(value.median)) return []
    return [{ name, value, whole: of('processMicros').median, isOurs: isOurs(name) }]
  })
  if (drawn.length === 0) return undefined
  return bars({
    title: `CPU of the server: ${comparison.title}`,
    subtitle: 'Full bars: the main thread, where JavaScript runs. Pale bars: the whole process.',
    x: `microseconds of CPU for each ${comparison.unit}`,
    notes: [`${noteOf(report)} Asked by ${comparison.client}.`, shortly(report.machine)],
    groups: [{ title: '', bars: drawn, remark: '' }],
    left: 260,
  })
}

function linesOf(report: Report, family: Family, title: string, x: string): string | undefined {
  const own = report.comparisons.filter((one) => one.family === family)
  const ticks = own.map((one) => one.x ?? NaN).toSorted((a, b) => a - b)
  const names = [...new Set(own.flatMap(({ servers }) => servers.map(({ name }) => name)))]
  const panel = (heading: string, figure: Figure): Panel => ({
    title: heading,
    lines: names.map((name): Line => ({
      name,
      points: own.flatMap((comparison) => {
        const { median, min, max } = valueOf(series(report, comparison, name, figure))
        // What cost nothing that could be measured has no place on a logarithmic axis.
        if (!(min > 0)) return []
        return [{ x: comparison.x ?? NaN, y: median, low: min, high: max }]
      }),
    })),
  })
  const panels = [panel('main thread', 'mainMicros'), panel('whole process', 'processMicros')]
  if (
    ticks.length < 2 ||
    panels.some(({ lines }) => lines.every(({ points }) => points.length === 0))
  ) {
    return undefined
  }
  return plot({
    title,
    x,
    y: 'microseconds of CPU per message',
    note: `${noteOf(report)} ${shortly(report.machine)}`,
    ticks,
    panels,
  })
}
