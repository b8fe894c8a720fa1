/** The page of the report, and what it says of itself. Made of the raw samples alone. */
import { describe } from '../machine.js'
import { show, table } from '../statistics.js'
import { fileOf, plotsOf } from './plots.js'
import {
  type Comparison,
  type Family,
  type Figure,
  type Report,
  isCost,
  ratioOf,
  series,
  showRatio,
  valueOf,
} from './samples.js'

interface Column {
  readonly figure: Figure
  readonly title: string
  readonly digits: number
  /** Whether it is compared, in a column beside it. */
  readonly isCompared: boolean
}

const columns: readonly Column[] = [
  { figure: 'mainMicros', title: 'main thread, µs', digits: 2, isCompared: true },
  { figure: 'processMicros', title: 'process, µs', digits: 2, isCompared: true },
  { figure: 'unitsPerSecond', title: 'per second', digits: 0, isCompared: true },
  { figure: 'p50Micros', title: 'p50, µs', digits: 0, isCompared: false },
  { figure: 'p99Micros', title: 'p99, µs', digits: 0, isCompared: false },
]

const headings: Readonly<Record<Family, readonly [title: string, text: string]>> = {
  echo: [
    'Echo',
    'Every byte that comes goes back. The load generator is one thread with blocking sockets, cheaper than any server; it compares what comes back.',
  ],
  http: [
    'HTTP',
    "`hello` over keep-alive connections. The servers of Node and of mio-js are one program; Bun's, Deno's and Go's are their own.",
  ],
  redis: [
    'Redis',
    'The example of a Redis server, with one parser and one store, on three transports.',
  ],
  connections: ['By connections', 'What a message costs as connections become more.'],
  size: ['By message size', 'What a message costs as it becomes longer.'],
  threads: [
    'By I/O threads',
    'What more I/O threads change. They share the processors with the load generator, so more threads than there are processors only cost.',
  ],
}

/** Markdown; `images` is where the plots lie, as seen from the page. */
export function pageOf(report: Report, images: string): string {
  const plots = plotsOf(report)
  const families = [...new Set(report.comparisons.map(({ family }) => family))]
  const sections = families.map((family) => {
    const [title, text] = headings[family]
    const own = report.comparisons.filter((one) => one.family === family)
    const file = fileOf(family)
    const image = plots.has(file) ? [`![${title}: CPU of the servers](${images}/${file})`] : []
    return [`## ${title}`, text, ...image, ...own.flatMap((one) => comparisonOf(report, one))]
  })
  return `${[
    '# Benchmarks',
    'Made by `npm run bench -- report`, from the raw samples in [report.json](../benchmark/results/report.json): do not edit.',
    ...aboutOf(report),
    ...lossesOf(report),
    ...sections.flat(),
  ].join('\n\n')}\n`
}

function aboutOf({ machine, missing, repeats, seconds }: Report): string[] {
  return [
    describe(machine),
    missing.length === 0
      ? 'All runtimes that take part were there.'
      : `Not measured: ${missing.map(({ name, reason }) => `${name} (${reason})`).join('; ')}.`,
    `Every server was started anew for each run; in each comparison all servers were measured in turn, ${repeats === 1 ? 'once' : `${repeats} times`}, for ${seconds} s each. Figures are the median with the least and the most. Ratios are made within one turn, to the program named in the table; where the turns differ by more than a factor of 1.5, and by more than the ratio says, there is none: **unclear**. "Main thread" is the thread that runs JavaScript; for Go and Rust it is one of several, or the only one. Load and server share the machine. How it is measured: [benchmark/](../benchmark/README.md).`,
  ]
}

function comparisonOf(report: Report, comparison: Comparison): string[] {
  const { client, missing, servers, title } = comparison
  const heading = `### ${title}`
  if (missing !== undefined) return [heading, `Not measured: ${missing}.`]
  const shown = columns.filter(({ figure }) =>
    servers.some(({ name }) =>
      Number.isFinite(valueOf(series(report, comparison, name, figure)).median),
    ),
  )
  const head = [
    'server',
    ...shown.flatMap(({ isCompared, title: text }) => (isCompared ? [text, 'ratio'] : [text])),
    'compared with',
  ]
  const rows = servers.map(({ against, name }) => [
    name,
    ...shown.flatMap((column) => cellsOf(report, comparison, name, against, column)),
    against ?? '',
  ])
  return [heading, `Asked by ${client}.`, table([head, ...rows]), ...failuresOf(report, comparison)]
}

function cellsOf(
  report: Report,
  comparison: Comparison,
  name: string,
  against: string | undefined,
  { digits, figure, isCompared }: Column,
): string[] {
  const own = series(report, comparison, name, figure)
  const value = valueOf(own)
  const text = Number.isFinite(value.median) ? show(value, digits) : '–'
  if (!isCompared) return [text]
  if (against === undefined) return [text, '1']
  const ratio = ratioOf(own, series(report, comparison, against, figure))
  return [text, showRatio(ratio, report.repeats)]
}

function failuresOf({ samples }: Report, { family, x }: Comparison): string[] {
  const failed = samples.filter((one) => one.family === family && one.x === x && one.error)
  const reasons = new Set(failed.map(({ error, server }) => `${server}: ${error}`))
  return reasons.size === 0 ? [] : [`Runs that failed: ${[...reasons].join('; ')}.`]
}

const words: Readonly<Record<Figure, string>> = {
  mainMicros: 'CPU of the main thread',
  processMicros: 'CPU of the process',
  unitsPerSecond: 'rate',
  p50Micros: 'median latency',
  p99Micros: 'latency of one in a hundred',
}

/** Whom ours is held against, by which figures. */
interface Pair {
  readonly comparison: Comparison
  readonly ours: string
  readonly other: string
  readonly figures: readonly Figure[]
}

const isOurs = (name: string): boolean => name.startsWith('mio-js')
const all = columns.map(({ figure }) => figure)

function pairsOf(comparison: Comparison): Pair[] {
  const { ours, servers } = comparison
  const beside = servers.flatMap(({ against, name }): Pair[] =>
    against === undefined || !isOurs(name)
      ? []
      : [{ comparison, ours: name, other: against, figures: all }],
  )
  if (ours === undefined) return beside
  // Of other runtimes the main thread is one of many, or has no JavaScript to run.
  const figures = all.filter((figure) => figure !== 'mainMicros')
  const others = servers.filter(({ against, name }) => against !== undefined && !isOurs(name))
  return [...beside, ...others.map(({ name: other }) => ({ comparison, ours, other, figures }))]
}

/** All that mio-js does worse than what it is held against, as far as the ratios say anything. */
function lossesOf(report: Report): string[] {
  const rows: string[][] = []
  const counts = { all: 0, unclear: 0 }
  for (const { comparison, figures, other, ours } of report.comparisons.flatMap(pairsOf)) {
    for (const figure of figures) {
      const own = series(report, comparison, ours, figure)
      const ratio = ratioOf(own, series(report, comparison, other, figure))
      if (!Number.isFinite(ratio.median)) continue
      counts.all += 1
      if (!ratio.isTelling) counts.unclear += 1
      // By the whole range: what is as good is no loss.
      else if (isCost(figure) ? ratio.min > 1 : ratio.max < 1) {
        const said = showRatio(ratio, report.repeats)
        rows.push([comparison.title, ours, other, words[figure], said])
      }
    }
  }
  const lost = table([['comparison', 'mio-js', 'loses to', 'by its', 'ratio'], ...rows])
  return [
    '## What loses',
    rows.length === 0
      ? `Of ${counts.all} ratios none says that mio-js was worse in every repeat.`
      : `Of ${counts.all} ratios, in these mio-js was worse in every repeat:`,
    ...(rows.length === 0 ? [] : [lost]),
    `${counts.unclear} of them are unclear.`,
  ]
}
