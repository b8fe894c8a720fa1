/**
 * The picture of the README: what a message costs the JavaScript thread with Node's own modules and
 * with each door, from the samples in `results/`. It measures nothing; a test holds it against them.
 *
 * usage: node build/benchmark/picture.js   writes docs/images/cpu-per-message.svg
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bar, type Group, bars } from './bars.js'
import type { Machine } from './machine.js'
import { spread } from './statistics.js'

export const picture = 'docs/images/cpu-per-message.svg'

interface Sample {
  readonly server: string
  readonly workload?: string
  readonly connections?: number
  readonly size?: number
  readonly repeat: number
  readonly mainMicros: number
  readonly processMicros: number
}

interface Results {
  readonly machine: Machine
  readonly samples: readonly Sample[]
}

/** One comparison: from which file, of which samples, of which two programs. */
interface Comparison {
  readonly title: string
  readonly file: string
  readonly of: Partial<Sample>
  readonly servers: readonly [name: string, label: string][]
}

const comparisons: readonly Comparison[] = [
  {
    title: 'mio-js: echo, 200 connections',
    file: 'echo',
    of: { connections: 200, size: 64 },
    servers: [
      ['node:net', 'node:net'],
      ['mio-js', 'Poll, pollAsync'],
    ],
  },
  {
    title: 'mio-js/engine: echo, 200 connections',
    file: 'engine',
    of: { workload: 'echo' },
    servers: [
      ['node:net', 'node:net'],
      ['engine, auto', 'engine'],
    ],
  },
  {
    title: 'mio-js/net: echo, 200 connections',
    file: 'net',
    of: { workload: 'echo' },
    servers: [
      ['node:net', 'node:net'],
      ['mio-js/net', 'mio-js/net'],
    ],
  },
  {
    title: 'mio-js/net: echo, one connection',
    file: 'net',
    of: { workload: 'ping-pong' },
    servers: [
      ['node:net', 'node:net'],
      ['mio-js/net', 'mio-js/net'],
    ],
  },
  {
    title: 'mio-js/http: requests',
    file: 'http',
    of: { workload: 'hello' },
    servers: [
      ['node:http', 'node:http'],
      ['mio-js/http', 'mio-js/http'],
    ],
  },
  {
    title: 'mio-js/http: requests by TLS',
    file: 'http',
    of: { workload: 'https' },
    servers: [
      ['node:https', 'node:https'],
      ['mio-js/http', 'mio-js/http'],
    ],
  },
  {
    title: 'mio-js/register: commands of ioredis',
    file: 'http',
    of: { workload: 'ioredis' },
    servers: [
      ['node:net', 'node:net'],
      ['mio-js/register', 'the preload'],
    ],
  },
]

function resultsOf(file: string): Results {
  return JSON.parse(readFileSync(`benchmark/results/${file}.json`, 'utf8')) as Results
}

/** The samples of Node's program, and of ours, in the order of the repeats. */
function samplesOf({ title, file, of, servers }: Comparison): readonly (readonly Sample[])[] {
  const matching = resultsOf(file).samples.filter((sample) =>
    Object.entries(of).every(([key, value]) => sample[key as keyof Sample] === value),
  )
  return servers.map(([server]) => {
    const own = matching.filter((sample) => sample.server === server)
    if (own.length === 0) throw new Error(`${file}.json has no samples of ${server}: ${title}`)
    return own.toSorted((a, b) => a.repeat - b.repeat)
  })
}

/** What ours needs of what Node's needs, within each repeat; the median, with two digits. */
function share(comparison: Comparison, cost: 'mainMicros' | 'processMicros'): string {
  const [core = [], ours = []] = samplesOf(comparison)
  const ratios = ours.map((sample, index) => sample[cost] / (core[index]?.[cost] ?? NaN))
  return spread(ratios).median.toPrecision(2)
}

function groupOf(comparison: Comparison): Group {
  const drawn: Bar[] = samplesOf(comparison).map((samples, index) => ({
    name: comparison.servers[index]?.[1] ?? '',
    value: spread(samples.map(({ mainMicros }) => mainMicros)),
    whole: spread(samples.map(({ processMicros }) => processMicros)).median,
  }))
  return { title: comparison.title, bars: drawn, remark: `${share(comparison, 'mainMicros')} ×` }
}

/** The first comparison of each door: shares of the JavaScript thread, and of the whole process. */
export function sharesByDoor(): Map<string, readonly [thread: string, whole: string]> {
  const shares = new Map<string, readonly [string, string]>()
  for (const comparison of comparisons) {
    const [door = ''] = comparison.title.split(':')
    if (shares.has(door)) continue
    shares.set(door, [share(comparison, 'mainMicros'), share(comparison, 'processMicros')])
  }
  return shares
}

export function drawPicture(): string {
  const files = [...new Set(comparisons.map(({ file }) => file))]
  const repeats = Math.min(
    ...files.map((file) => Math.max(...resultsOf(file).samples.map(({ repeat }) => repeat)) + 1),
  )
  const { machine } = resultsOf('net')
  return bars({
    title: 'CPU of the JavaScript thread for each message',
    subtitle: 'Full bars: the JavaScript thread. Pale bars: the whole process. Shorter is better.',
    x: 'microseconds of CPU for each message, request or command',
    notes: [
      `Medians of ${repeats} interleaved runs, and the range of the JavaScript thread. Both bars of a pair: the same program on the same Node.`,
      `${machine.cpu}, ${machine.cores} cores · ${machine.kernel} · ${machine.date} · node ${machine.versions['node']}; Poll: node ${resultsOf('echo').machine.versions['node']}`,
    ],
    groups: comparisons.map(groupOf),
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  mkdirSync(dirname(picture), { recursive: true })
  writeFileSync(picture, drawPicture())
  console.log(picture)
}
