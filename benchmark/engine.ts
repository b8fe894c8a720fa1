/**
 * What the engine costs, against `node:net` on the same Node: all that it promises, one workload
 * after the other.
 *
 * Every server is started anew for each measurement, and repeats are interleaved, so that what else
 * the machine does hits all of them; ratios are made within one repeat. The servers run on Node 24
 * (NODE24=…, or `node24` on PATH), whichever Node this program runs on. `--save` writes the raw
 * samples to `results/engine.json`; `--quick` only shows that everything works.
 *
 * usage: engine.js [--only echo,ping-pong,…] [--repeats 5] [--seconds 1] [--save] [--quick]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Sample, figuresTable, goalHead, goalRows } from './engine/report.js'
import { type Workload, workloads } from './engine/workloads.js'
import { describe, machine } from './machine.js'
import { node24 } from './runtime.js'
import { numberOf, rawSamples, table } from './statistics.js'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    save: { type: 'boolean', default: false },
    seconds: { type: 'string' },
  },
})
const repeats = numberOf('--repeats', options.repeats ?? (options.quick ? '1' : '5'))
const seconds = numberOf('--seconds', options.seconds ?? (options.quick ? '0.2' : '1'))
const settings = { seconds, warmup: Math.min(0.5, seconds) }

const { command: node, version } = node24()
const all = workloads(node, options.quick ? 500 : 10_000)

function chosen(): Map<string, Workload> {
  const names = options.only?.split(',') ?? [...all.keys()]
  const unknown = names.filter((name) => !all.has(name))
  if (unknown.length > 0) {
    const known = [...all.keys()].join(', ')
    throw new Error(`there is no workload ${unknown.join(', ')}; there are ${known}`)
  }
  return new Map([...all].filter(([name]) => names.includes(name)))
}

async function run(name: string, workload: Workload): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [server, command] of workload.servers) {
      const figures = await workload.measure(command, settings)
      samples.push({ workload: name, server, repeat, ...figures })
    }
  }
  return samples
}

const where = machine({ node: version })
console.log(describe(where))
const samples: Sample[] = []
const goals: string[][] = [goalHead]
for (const [name, workload] of chosen()) {
  console.log(`\n**${name}: ${workload.title}**\n`)
  if (workload.missing !== undefined) {
    console.log(`Not measured: ${workload.missing}.`)
    if (process.env['CI'] === 'true' && workload.optional !== true) process.exitCode = 1
    continue
  }
  const mine = await run(name, workload)
  console.log(figuresTable(workload, mine))
  samples.push(...mine)
  goals.push(...goalRows(name, workload, mine))
}
if (options.quick) console.log('\nThis was quick: the figures say only that everything works.')
console.log(`\n**What is promised**\n\n${table(goals)}`)
if (options.save) writeFileSync('benchmark/results/engine.json', rawSamples(where, samples))
