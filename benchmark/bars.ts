/**
 * Horizontal bars as SVG, in groups that are compared. Transparent, and legible on white and on
 * black, as the plots of `plot.ts`, since nobody knows where it is seen.
 */
import type { Spread } from './statistics.js'

export interface Bar {
  readonly name: string
  /** Drawn with its range. */
  readonly value: Spread
  /** What `value` is a part of, drawn behind it and paler. */
  readonly whole: number
  /** Whose bar it is, by its colour; those of a group alternate, if nothing is said. */
  readonly isOurs?: boolean
}

export interface Group {
  readonly title: string
  readonly bars: readonly Bar[]
  /** What comes of the comparison, at the end of the last bar. */
  readonly remark: string
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly x: string
  /** Small print below, one line each. */
  readonly notes: readonly string[]
  readonly groups: readonly Group[]
  /** Room for the names. */
  readonly left?: number
}

const usualLeft = 150
const width = 560
const right = 70
const top = 66
const barHeight = 13
const rowHeight = 17
const groupGap = 30
const ink = '#7f7f7f'
const colours = ['#8a8a8a', '#d9771f'] as const

export function bars({ title, subtitle, x, notes, groups, left = usualLeft }: Chart): string {
  const all = groups.flatMap((group) => group.bars)
  const most = Math.max(...all.flatMap(({ value, whole }) => [value.max, whole]))
  const step = most > 50 ? 10 : 5
  const end = Math.ceil(most / step) * step
  const at = (value: number): number => round((value / end) * width)

  let y = top
  const drawn = groups.map((group) => {
    y += groupGap
    const rows = group.bars.map((bar, index) => row(bar, index, y + index * rowHeight, at))
    const last = y + (group.bars.length - 1) * rowHeight
    const reach = Math.max(
      ...group.bars.slice(-1).map(({ value, whole }) => Math.max(value.max, whole)),
    )
    const remark = text(at(reach) + 10, last + 10.5, group.remark, 'start', 'font-weight="600"')
    const heading = text(0, y - 7, group.title, 'start', 'font-weight="600"')
    y = last + rowHeight
    return [heading, ...rows, remark].join('\n')
  })
  const bottom = y + 12
  const ticks = Array.from({ length: end / step + 1 }, (_, index) => index * step).map(
    (tick) =>
      `<path d="M${at(tick)} ${top}V${bottom}" stroke="${ink}" stroke-opacity=".25"/>${text(at(tick), bottom + 16, String(tick))}`,
  )
  const notesTop = bottom + 60
  const height = notesTop + notes.length * 14
  const total = left + width + right
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height}" width="${total}" height="${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<title id="title">${escape(title)}</title>`,
    text(16, 24, title, 'start', 'font-size="16" font-weight="600"'),
    text(16, 44, subtitle, 'start'),
    `<g transform="translate(${left} 0)">`,
    ...ticks,
    ...drawn,
    text(width / 2, bottom + 36, x),
    '</g>',
    ...notes.map((note, index) => text(16, notesTop + index * 14, note, 'start', 'font-size="10"')),
    '</svg>\n',
  ].join('\n')
}

function row(bar: Bar, index: number, y: number, at: (value: number) => number): string {
  const { isOurs = index % colours.length === 1, name, value, whole } = bar
  const colour = colours[isOurs ? 1 : 0]
  const middle = y + barHeight / 2
  const box = (length: number, opacity: number): string =>
    `<rect y="${y}" width="${at(length)}" height="${barHeight}" fill="${colour}" fill-opacity="${opacity}"/>`
  return [
    text(-8, y + 10.5, name, 'end'),
    box(Math.max(whole, value.median), 0.35),
    box(value.median, 1),
    `<path d="M${at(value.min)} ${middle}H${at(value.max)}" stroke="${ink}" stroke-width="2"/>`,
  ].join('')
}

function text(x: number, y: number, content: string, anchor = 'middle', more = ''): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more}>${escape(content)}</text>`
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
