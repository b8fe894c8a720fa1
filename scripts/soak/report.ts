/** What a soak has found, for the eye and for the next time. */
import type { Machine } from '../../benchmark/machine.js'
import { timelines } from '../plot.js'
import type { Pair, Sample } from './pair.js'
import { type Growth, binned } from './verdict.js'

const mebi = 2 ** 20

export function show(pair: Pair, growths: readonly Growth[]): string {
  const last = pair.samples.at(-1)!
  const lines = growths.map(({ end, quantity, median, slope, allowed, isLeak }) => {
    const unit = quantity === 'memory' ? mebi : 1
    const say = (value: number): string => (value / unit).toFixed(1)
    const range = `${say(slope.estimate)} (${say(slope.low)} to ${say(slope.high)}, allowed ${say(allowed)})`
    return `  ${end}: ${quantity}${unit === 1 ? '' : ' in MiB'} ${say(median)}, grown by ${range}${isLeak ? ' LEAK' : ''}`
  })
  const sums = `${last.asked} questions, ${last.gone} connections came and went, ${last.missed} events missed`
  return [`${pair.name}: ${sums}`, ...lines].join('\n')
}

type Of = (sample: Sample) => number

export function plotOf(pairs: readonly Pair[], title: string, about: readonly string[]): string {
  const panel = (
    name: string,
    lines: readonly (readonly [string, Of])[],
  ): Parameters<typeof timelines>[0]['panels'][number] => ({
    title: name,
    lines: pairs.flatMap((pair) =>
      lines.map(([end, of]) => ({
        name: `${pair.name}${end}`,
        points: binned(pair.samples, of).map(({ x, y }) => [x / 60, y] as const),
      })),
    ),
  })
  const both = (of: (holding: Sample['server']) => number): [string, Of][] => [
    [': server', ({ server }) => of(server)],
    [': clients', ({ clients }) => of(clients)],
  ]
  return timelines({
    title,
    about,
    x: 'minutes',
    panels: [
      panel(
        'resident memory, MiB',
        both(({ memory }) => memory / mebi),
      ),
      panel(
        'descriptors',
        both(({ descriptors }) => descriptors),
      ),
      panel(
        'threads',
        both(({ threads }) => threads),
      ),
      panel('events missed or wrong, so far', [[': server', ({ missed }) => missed]]),
    ],
  })
}

/** The samples by some seconds, one point a line. */
export function rawOf(
  pairs: readonly Pair[],
  machine: Machine,
  plan: object,
  growths: readonly (readonly Growth[])[],
): string {
  const rows = pairs.map((pair, index) => {
    const columns: [string, Of][] = [
      ['serverMemory', ({ server }) => server.memory],
      ['serverDescriptors', ({ server }) => server.descriptors],
      ['serverThreads', ({ server }) => server.threads],
      ['clientMemory', ({ clients }) => clients.memory],
      ['clientDescriptors', ({ clients }) => clients.descriptors],
      ['clientThreads', ({ clients }) => clients.threads],
      ['missed', ({ missed }) => missed],
      ['asked', ({ asked }) => asked],
      ['gone', ({ gone }) => gone],
    ]
    const binnedBy = columns.map(([, of]) => binned(pair.samples, of))
    const points = binnedBy[0]!.map(({ x }, at) => [x, ...binnedBy.map((all) => all[at]!.y)])
    const head = JSON.stringify(['second', ...columns.map(([name]) => name)])
    const body = points.map((row) => JSON.stringify(row)).join(',\n')
    return `{"pair":${JSON.stringify(pair.name)},\n"growths":${JSON.stringify(growths[index])},\n"columns":${head},\n"rows":[\n${body}\n]}`
  })
  return `{"machine":${JSON.stringify(machine)},\n"plan":${JSON.stringify(plan)},\n"pairs":[\n${rows.join(',\n')}\n]}\n`
}
