/**
 * Lines over time as SVG, in panels below each other with a common, linear axis of time.
 *
 * As with the plots of `benchmark/plot.ts`, the background is transparent and every colour is legible
 * on white and on black. It is narrow, so that letters are legible on a telephone as well.
 */
export interface Line {
  readonly name: string
  /** x and y. */
  readonly points: readonly (readonly [number, number])[]
}

export interface Panel {
  readonly title: string
  readonly lines: readonly Line[]
}

export interface Timelines {
  readonly title: string
  /** Lines below the title. */
  readonly about: readonly string[]
  /** What the axis of time counts. */
  readonly x: string
  readonly panels: readonly Panel[]
}

const [width, height, left, right, gap, line] = [400, 96, 56, 16, 40, 20]
const ink = '#808080'
const colours = ['#d9771f', '#2f86d6', '#1f9e77', '#b05fc0', '#c9a100', '#8a8a8a']

export function timelines({ title, about, x, panels }: Timelines): string {
  const times = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([t]) => t)))
  const last = Math.max(...times) || 1
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))]
  const top = 28 + about.length * line + 32
  const drawn = panels.map((panel, index) => {
    const isLast = index === panels.length - 1
    return `<g transform="translate(${left} ${top + index * (height + gap)})">${draw(panel, names, last, isLast ? x : undefined)}</g>`
  })
  const legendTop = top + panels.length * (height + gap) + 16
  const legend = names.map((name, index) => {
    const at = `${left + (index % 2) * 200} ${legendTop + Math.floor(index / 2) * 22}`
    return `<g transform="translate(${at})"><path d="M0 0H20" stroke="${colourOf(index)}" stroke-width="3"/>${text(28, 5, name, 'start')}</g>`
  })
  const total = left + width + right
  const bottom = legendTop + Math.ceil(names.length / 2) * 22
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${bottom}" width="${total}" height="${bottom}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="14" fill="${ink}">`,
    `<title id="title">${escape([title, ...about].join(' '))}</title>`,
    `<text x="8" y="24" font-size="17" font-weight="600">${escape(title)}</text>`,
    ...about.map((words, index) => text(8, 26 + (index + 1) * line, words, 'start')),
    ...drawn,
    ...legend,
    '</svg>\n',
  ].join('\n')
}

function draw(
  { title, lines }: Panel,
  names: readonly string[],
  last: number,
  axis: string | undefined,
): string {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y))
  // What is counted has no halves.
  const up = ticksOf(Math.max(...values, 0), 3, 1)
  const highest = up.at(-1)!
  const place = (t: number, y: number): string =>
    `${round((t / last) * width)} ${round(height - (y / highest) * height)}`
  const grid = up.map((tick) => {
    const y = round(height - (tick / highest) * height)
    return `<path d="M0 ${y}H${width}" stroke="${ink}" stroke-opacity=".25"/>${text(-8, y + 5, tick.toLocaleString('en'), 'end')}`
  })
  const curves = lines.map(({ name, points }) => {
    const path = points.map(([t, y]) => place(t, y)).join('L')
    return `<g><title>${escape(name)}</title><path d="M${path}" fill="none" stroke="${colourOf(names.indexOf(name))}" stroke-width="1.5"/></g>`
  })
  const across = ticksOf(last, 5).filter((tick) => tick <= last)
  const below = across.map((tick) => {
    const at = round((tick / last) * width)
    const label = axis === undefined ? '' : text(at, height + 18, tick.toLocaleString('en'))
    return `<path d="M${at} ${height}v4" stroke="${ink}"/>${label}`
  })
  const name = axis === undefined ? '' : text(width, height + 36, axis, 'end')
  const heading = `<text x="0" y="-10" font-weight="600">${escape(title)}</text>`
  return [heading, ...grid, ...below, ...curves, name].join('\n')
}

/** From 0 to at least the highest value, in at most so many steps of 1, 2 or 5 of a power of ten. */
function ticksOf(highest: number, count: number, least = 0): number[] {
  const rough = Math.max((highest || 1) / count, least)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough)!
  const steps = Math.ceil((highest || 1) / step - 1e-9)
  return Array.from({ length: steps + 1 }, (_, n) => Number((n * step).toPrecision(12)))
}

function colourOf(index: number): string {
  return colours[index % colours.length]!
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
