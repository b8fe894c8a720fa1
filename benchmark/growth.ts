/**
 * How the cost of an echoed message grows with the number of connections: the engine with several
 * I/O threads, and inline, against `node:net`. Servers, repeats and Node as in `engine.ts`.
 *
 * Writes the plot to `results/growth.svg` and the raw samples to `results/growth.json` with `--save`.
 *
 * usage: growth.js [--connections 1,10,100,1000,10000] [--threads 1,2,4] [--repeats 3] [--seconds 1]
 *                  [--save] [--quick]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { auto, baseline, echo, rust } from './engine/servers.js'
import { describe, machine } from './machine.js'
import { plot } from './plot.js'
import { node24 } from './runtime.js'
import { numberOf, rawSamples, show, spread, table } from './statistics.js'
import { affordable, type Figures, underLoad } from './suite/measure.js'

interface Sample extends Figures {
  readonly server: string
  readonly connections: number
  readonly repeat: number
}

type Cost = 'mainMicros' | 'processMicros'

const size = 64

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string' },
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    save: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    threads: { type: 'string' },
  },
})
const numbers = (option: string, list: string): number[] =>
  list.split(',').map((text) => numberOf(option, text))
const counts = numbers(
  '--connections',
  options.connections ?? (options.quick ? '1,100' : '1,10,100,1000,10000'),
)
const threadCounts = numbers('--threads', options.threads ?? (options.quick ? '1,2' : '1,2,4'))
const repeats = numberOf('--repeats', options.repeats ?? (options.quick ? '1' : '3'))
const seconds = numberOf('--seconds', options.seconds ?? (options.quick ? '0.2' : '1'))
const settings = { seconds, warmup: Math.min(0.5, seconds) }

const { command: node, version } = node24()
const servers = new Map(
  [...echo(node, threadCounts)].filter(([name]) => name !== auto && name !== rust),
)

async function measure(): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const wanted of counts) {
    const connections = affordable(wanted)
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const [server, command] of servers) {
        const load = { program: 'load', connections, size }
        const figures = await underLoad(command, load, settings)
        samples.push({ server, connections, repeat, ...figures })
      }
    }
    console.error(`${connections} connections: done`)
  }
  return samples
}

/** The costs of one server at one number of connections, in all repeats. */
function costs(
  samples: readonly Sample[],
  server: string,
  connections: number,
  cost: Cost,
): number[] {
  return samples
    .filter((sample) => sample.server === server && sample.connections === connections)
    .map((sample) => sample[cost])
}

function growthTable(samples: readonly Sample[], cost: Cost): string {
  const present = [...new Set(samples.map(({ connections }) => connections))]
  const rows = [...servers.keys()].map((server) => [
    server,
    ...present.flatMap((connections) => {
      const own = costs(samples, server, connections, cost)
      if (server === baseline) return [show(spread(own))]
      const net = costs(samples, baseline, connections, cost)
      const ratio = spread(own.map((value, repeat) => value / (net[repeat] ?? NaN)))
      return [`${show(spread(own))} · ${ratio.median.toFixed(2)} ×`]
    }),
  ])
  return table([['µs per message', ...present.map(String)], ...rows])
}

function growthPlot(samples: readonly Sample[]): string {
  const panel = (title: string, cost: Cost): Parameters<typeof plot>[0]['panels'][number] => ({
    title,
    lines: [...servers.keys()].map((name) => ({
      name,
      points: [...new Set(samples.map(({ connections }) => connections))].map((x) => {
        const { median, min, max } = spread(costs(samples, name, x, cost))
        return { x, y: median, low: min, high: max }
      }),
    })),
  })
  return plot({
    title: `CPU per echoed message of ${size} bytes, by number of connections`,
    x: 'connections',
    y: 'microseconds of CPU per message',
    note: `median and range of ${repeats} · ${describe(where)}`,
    panels: [panel('JavaScript thread', 'mainMicros'), panel('whole process', 'processMicros')],
  })
}

const where = machine({ node: version })
console.log(describe(where))
const samples = await measure()
console.log(`\n**JavaScript thread**\n\n${growthTable(samples, 'mainMicros')}`)
console.log(`\n**Whole process**\n\n${growthTable(samples, 'processMicros')}`)
if (options.save) {
  writeFileSync('benchmark/results/growth.svg', growthPlot(samples))
  writeFileSync('benchmark/results/growth.json', rawSamples(where, samples))
}
