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

function groupOf({ title, file, of, servers }: Comparison): Group {
  const matching = resultsOf(file).samples.filter((sample) =>
    Object.entries(of).every(([key, value]) => sample[key as keyof Sample] === value),
  )
  const samplesOf = (server: string): Sample[] =>
    matching.filter((sample) => sample.server === server).toSorted((a, b) => a.repeat - b.repeat)
  const drawn: Bar[] = servers.map(([server, name]) => {
    const samples = samplesOf(server)
    if (samples.length === 0) throw new Error(`${file}.json has no samples of ${server}: ${title}`)
    return {
      name,
      value: spread(samples.map(({ mainMicros }) => mainMicros)),
      whole: spread(samples.map(({ processMicros }) => processMicros)).median,
    }
  })
  const [core, ours] = servers.map(([server]) => samplesOf(server))
  const ratios = (ours ?? []).map(
    (sample, index) => sample.mainMicros / (core?.[index]?.mainMicros ?? NaN),
  )
  return { title, bars: drawn, remark: `${spread(ratios).median.toPrecision(2)} ×` }
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
