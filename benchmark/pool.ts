/**
 * What a pool of workers gains, and what it costs: on `Poll` with connections that are dealt by one
 * acceptor (`share`) or by the system (`reusePort`), against one thread, `node:net` and
 * `node:cluster`.
 *
 * Every server is started anew for each measurement, and repeats are interleaved, so that what else
 * the machine does hits all of them; ratios are made within one repeat. `--save` writes the raw
 * samples to `results/pool.json`; `--quick` only shows that everything works.
 *
 * usage: pool.js [--workers 2] [--repeats 5] [--seconds 1] [--save] [--quick]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describe, machine } from './machine.js'
import { type Command, compiled } from './process.js'
import { numberOf, rawSamples, show, spread, table } from './statistics.js'
import { type Figures, type Load, underLoad } from './suite/measure.js'

interface Sample extends Figures {
  readonly workload: string
  readonly server: string
  readonly repeat: number
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    save: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
})
const repeats = numberOf('--repeats', options.repeats ?? (options.quick ? '1' : '5'))
const seconds = numberOf('--seconds', options.seconds ?? (options.quick ? '0.2' : '1'))
const workers = String(numberOf('--workers', options.workers))
const settings = { seconds, warmup: Math.min(0.5, seconds) }

const baseline = 'node:net'
const server = (program: string, ...args: string[]): Command => ({
  command: [process.execPath, compiled(`servers/${program}.js`), ...args],
})
const servers = new Map<string, Command>([
  [baseline, server('net')],
  [`node:cluster, ${workers} workers`, server('net-cluster', workers)],
  ['Poll, one thread', server('poll', 'async', 'short-read')],
  [`Poll, dealt to ${workers} workers`, server('pool', 'dealt', workers)],
])
// Elsewhere one listener would get everything.
if (process.platform === 'linux') {
  servers.set(`Poll, reusePort in ${workers} workers`, server('pool', 'reuse-port', workers))
}

const workloads = new Map<string, Load>([
  ['message', { program: 'load', connections: 200, size: 64 }],
  ['connection', { program: 'churn', connections: 50, size: 64 }],
])

function report(unit: string, samples: readonly Sample[]): string {
  const head = [
    `per ${unit}`,
    'main thread, µs',
    'all, µs',
    'all : net',
    `${unit}s/s`,
    'rate : net',
  ]
  const net = samples.filter((sample) => sample.server === baseline)
  const rows = [...servers.keys()].map((name) => {
    const mine = samples.filter((sample) => sample.server === name)
    const ratios = (key: 'processMicros' | 'unitsPerSecond'): string =>
      show(spread(mine.map((sample, n) => (sample[key] ?? NaN) / (net[n]?.[key] ?? NaN))))
    return [
      name,
      show(spread(mine.map(({ mainMicros }) => mainMicros))),
      show(spread(mine.map(({ processMicros }) => processMicros))),
      ratios('processMicros'),
      show(spread(mine.map(({ unitsPerSecond }) => unitsPerSecond ?? NaN)), 0),
      ratios('unitsPerSecond'),
    ]
  })
  return table([head, ...rows])
}

const where = machine()
console.log(describe(where))
const samples: Sample[] = []
for (const [workload, load] of workloads) {
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [name, command] of servers) {
      const figures = await underLoad(command, load, settings)
      samples.push({ workload, server: name, repeat, ...figures })
    }
  }
  const mine = samples.filter((sample) => sample.workload === workload)
  console.log(`\n**${load.connections} connections × ${load.size} B, by ${load.program}**\n`)
  console.log(report(workload, mine))
}
if (options.quick) console.log('\nThis was quick: the figures say only that everything works.')
if (options.save) writeFileSync('benchmark/results/pool.json', rawSamples(where, samples))
