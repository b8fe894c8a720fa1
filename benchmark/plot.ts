/**
 * Line plots as SVG, in panels side by side with common axes, both logarithmic.
 *
 * The background is transparent and every colour is legible on white and on black, because nobody
 * knows where a README is read. Lines are told apart by dashes and marks as well as by colour.
 */
export interface Point {
  readonly x: number
  readonly y: number
  /** The range, drawn as a bar. */
  readonly low: number
  readonly high: number
}

export interface Line {
  readonly name: string
  readonly points: readonly Point[]
}

export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
}

export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  /** Small print below. */
  readonly note: string
  /** Where the axis of x is marked; powers of ten, if nothing is said. */
  readonly ticks?: readonly number[]
  readonly panels: readonly Panel[]
}

const width = 400
const height = 300
const left = 64
const gap = 28
const top = 64
const ink = '#808080'

const styles = [
  { colour: '#8a8a8a', dash: '7 4', mark: 'square' },
  { colour: '#d9771f', dash: '', mark: 'circle' },
  { colour: '#2f86d6', dash: '', mark: 'square' },
  { colour: '#1f9e77', dash: '2 3', mark: 'circle' },
  { colour: '#b05fc0', dash: '9 3 2 3', mark: 'square' },
  { colour: '#c9a100', dash: '4 2', mark: 'circle' },
] as const

type Style = (typeof styles)[number]

/** From the values of an axis to the length along it. */
interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

export function plot({ title, x, y, note, panels, ticks }: Plot): string {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points))
  const across = scale(ticks ?? decades(points.map((point) => point.x)), width)
  const up = scale(steps(points.flatMap(({ low, high }) => [low, high])), height)
  const total = left + panels.length * (width + gap)
  const names = panels[0]?.lines.map(({ name }) => name) ?? []
  const legendTop = top + height + 62
  const bottom = legendTop + Math.ceil(names.length / 3) * 22 + 24
  const drawn = panels.map((panel, index) => {
    const shift = left + index * (width + gap)
    return `<g transform="translate(${shift} ${top})">${draw(panel, across, up, index === 0)}${text(width / 2, height + 40, x)}</g>`
  })
  const legend = names.map((name, index) => {
    const at = `${left + (index % 3) * 260} ${legendTop + Math.floor(index / 3) * 22}`
    return `<g transform="translate(${at})">${sample(styleOf(index))}${text(48, 4, name, 'start')}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${bottom}" width="${total}" height="${bottom}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<title id="title">${escape(title)}</title>`,
    `<text x="${left}" y="22" font-size="16" font-weight="600">${escape(title)}</text>`,
    `<text transform="translate(16 ${top + height / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>`,
    ...drawn,
    ...legend,
    `<text x="${left}" y="${bottom - 8}" font-size="9">${escape(note)}</text>`,
    '</svg>\n',
  ].join('\n')
}

function draw({ title, lines }: Panel, across: Scale, up: Scale, labelled: boolean): string {
  const grid = [
    ...up.ticks.map((tick) => {
      const y = round(height - up.at(tick))
      const label = labelled ? text(-8, y + 4, String(tick), 'end') : ''
      return `<path d="M0 ${y}H${width}" stroke="${ink}" stroke-opacity=".25"/>${label}`
    }),
    ...across.ticks.map((tick) => {
      const x = round(across.at(tick))
      return `<path d="M${x} ${height}v5" stroke="${ink}"/>${text(x, height + 20, tick.toLocaleString('en'))}`
    }),
  ]
  const frame = `<path d="M0 0V${height}H${width}" fill="none" stroke="${ink}"/>`
  const curves = lines.map((line, index) => curve(line, styleOf(index), across, up))
  const heading = `<text x="${width / 2}" y="-12" text-anchor="middle" font-size="13" font-weight="600">${escape(title)}</text>`
  return [...grid, frame, ...curves, heading].join('\n')
}

function curve({ name, points }: Line, style: Style, across: Scale, up: Scale): string {
  const place = (x: number, y: number): string =>
    `${round(across.at(x))} ${round(height - up.at(y))}`
  const path = points.map(({ x, y }) => place(x, y)).join('L')
  const bars = points.map(({ x, low, high }) => `M${place(x, low)}L${place(x, high)}`).join('')
  const marks = points.map(
    ({ x, y }) => `<g transform="translate(${place(x, y)})">${mark(style)}</g>`,
  )
  return `<g><title>${escape(name)}</title><path d="M${path}" ${stroke(style)}/><path d="${bars}" stroke="${style.colour}" stroke-opacity=".6"/>${marks.join('')}</g>`
}

function sample(style: Style): string {
  return `<path d="M0 0H40" ${stroke(style)}/><g transform="translate(20 0)">${mark(style)}</g>`
}

function stroke({ colour, dash }: Style): string {
  return `fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"`
}

function mark({ colour, mark: shape }: Style): string {
  return shape === 'circle'
    ? `<circle r="3.5" fill="${colour}"/>`
    : `<rect x="-3" y="-3" width="6" height="6" fill="${colour}"/>`
}

function styleOf(index: number): Style {
  return styles[index % styles.length] ?? styles[0]
}

/** A margin of two hundredths on both sides, so that no mark is on the frame. */
function scale(ticks: readonly number[], length: number): Scale {
  const first = Math.log10(ticks[0] ?? 1)
  const last = Math.log10(ticks.at(-1) ?? 10)
  const share = (value: number): number => (Math.log10(value) - first) / (last - first || 1)
  return { ticks, at: (value) => length * (0.02 + 0.96 * share(value)) }
}

/** Powers of ten around `values`. */
function decades(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)))
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))))
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))
}

/** 1, 2 and 5 of every power of ten, as many as are needed around `values`. */
function steps(values: readonly number[]): number[] {
  const all = decades(values).flatMap((power) =>
    [1, 2, 5].map((step) => Number((step * power).toPrecision(1))),
  )
  const from = all.findLastIndex((step) => step <= Math.min(...values))
  const to = all.findIndex((step) => step >= Math.max(...values))
  return all.slice(Math.max(0, from), to < 0 ? all.length : to + 1)
}

function text(x: number, y: number, content: string, anchor = 'middle'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
