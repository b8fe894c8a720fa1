/** How a soak judges what it has measured. */
import test from 'ava'
import './support/census.js'
import { timelines } from '../scripts/plot.js'
import type { Sample } from '../scripts/soak/pair.js'
import { slopeOf } from '../scripts/soak/slope.js'
import { growths } from '../scripts/soak/verdict.js'

const mebi = 2 ** 20

/** Numbers from -1 to 1, the same each time. */
function noiseOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

/** Samples of so many seconds, of a server whose memory and descriptors are as they are told. */
function samplesOf(
  seconds: number,
  { memory, descriptors = () => 1_000 }: Record<string, (second: number) => number>,
): Sample[] {
  return Array.from({ length: seconds + 1 }, (_, second) => {
    const holding = { descriptors: descriptors(second), threads: 12, memory: memory!(second) }
    return { second, server: holding, clients: holding, missed: 0, asked: 0, gone: 0 }
  })
}

function leaks(samples: readonly Sample[]): string[] {
  return growths(samples)
    .filter(({ end, isLeak }) => end === 'server' && isLeak)
    .map(({ quantity }) => quantity)
}

test('a third of wild points does not move a slope', (t) => {
  const points = Array.from({ length: 99 }, (_, x) => ({ x, y: x % 3 === 0 ? 1e6 : 5 + 2 * x }))
  const { estimate, low, high } = slopeOf(points)
  t.true(Math.abs(estimate - 2) < 1, `${estimate}`)
  t.true(low <= estimate && estimate <= high)
})

test('the interval of a slope holds 0 where there is none, and not where there is one', (t) => {
  const noise = noiseOf(1)
  const flat = slopeOf(Array.from({ length: 200 }, (_, x) => ({ x, y: 100 * noise() })))
  t.true(flat.low < 0 && flat.high > 0, JSON.stringify(flat))
  const steep = slopeOf(Array.from({ length: 200 }, (_, x) => ({ x, y: x + 100 * noise() })))
  t.true(steep.low > 0.5 && steep.high < 1.5, JSON.stringify(steep))
  t.throws(() => slopeOf([{ x: 1, y: 1 }]), { instanceOf: RangeError })
})

test('memory that grows by the half of a MiB in a minute is a leak, however noisy it is', (t) => {
  const noise = noiseOf(2)
  const memory = (second: number): number => (100 + second / 120 + 5 * noise()) * mebi
  t.deepEqual(leaks(samplesOf(1_800, { memory })), ['memory'])
})

test('garbage that comes and is collected is no leak', (t) => {
  const noise = noiseOf(3)
  const memory = (second: number): number => (100 + (second % 37) + 5 * noise()) * mebi
  t.deepEqual(leaks(samplesOf(1_800, { memory })), [])
})

test('what a process takes while it warms up is no leak', (t) => {
  const memory = (second: number): number => (100 + 80 * Math.min(1, second / 290)) * mebi
  t.deepEqual(leaks(samplesOf(1_800, { memory })), [])
})

test('a descriptor that is lost each minute is a leak', (t) => {
  const noise = noiseOf(4)
  const memory = (): number => 100 * mebi
  const descriptors = (second: number): number => Math.round(1_000 + second / 60 + 20 * noise())
  t.deepEqual(leaks(samplesOf(1_800, { memory, descriptors })), ['descriptors'])
})

test('a plot has its names in words, and numbers alone in its paths', (t) => {
  const svg = timelines({
    title: 'a < b & c',
    x: 'minutes',
    about: ['by the minute'],
    panels: [
      { title: 'rising', lines: [{ name: 'one', points: [[0, 0] as const, [2, 7] as const] }] },
      { title: 'nothing', lines: [{ name: 'other', points: [[0, 0] as const, [2, 0] as const] }] },
    ],
  })
  t.true(svg.includes('a &lt; b &amp; c'))
  t.true(svg.includes('<title>one</title>') && svg.includes('<title>other</title>'))
  t.notRegex(svg, /NaN|Infinity|undefined/)
})
