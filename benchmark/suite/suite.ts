/**
 * A benchmark that is a list of workloads, each with its servers and what is promised of them.
 *
 * Every server is started anew for each measurement, and repeats are interleaved, so that what else
 * the machine does hits all of them; ratios are made within one repeat. The servers run on Node 24
 * (NODE24=…, or `node24` on PATH), whichever Node this program runs on. `--save` writes the raw
 * samples to `results/`; `--quick` only shows that everything works; `--control` measures the
 * baseline in place of every server, which shows how far from 1 a ratio is by chance.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describe, machine } from '../machine.js'
import { node24 } from '../runtime.js'
import { numberOf, rawSamples, table } from '../statistics.js'
import type { Settings } from './measure.js'
import { type Sample, figuresTable, goalHead, goalRows } from './report.js'
import type { Workload } from './workload.js'

export interface Suite {
  /** Also that of the file of results. */
  readonly name: string
  /** By the name that `--only` takes. */
  workloads(node: string, quick: boolean): ReadonlyMap<string, Workload>
  /** Of what takes part, beside Node and this package. */
  readonly versions?: Readonly<Record<string, string>>
}

export async function runSuite(suite: Suite): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      control: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      repeats: { type: 'string' },
      save: { type: 'boolean', default: false },
      seconds: { type: 'string' },
    },
  })
  if (options.control && options.save) throw new Error('--control gives no results to save')
  const repeats = numberOf('--repeats', options.repeats ?? (options.quick ? '1' : '5'))
  const seconds = numberOf('--seconds', options.seconds ?? (options.quick ? '0.2' : '1'))
  const settings = { seconds, warmup: Math.min(0.5, seconds) }

  const { command: node, version } = node24()
  const workloads = chosen(suite.workloads(node, options.quick), options.only)
  const where = machine({ node: version, ...suite.versions })
  console.log(describe(where))
  const samples: Sample[] = []
  const goals: string[][] = [goalHead]
  for (const [name, workload] of workloads) {
    console.log(`\n**${name}: ${workload.title}**\n`)
    if (workload.missing !== undefined) {
      console.log(`Not measured: ${workload.missing}.`)
      if (process.env['CI'] === 'true' && workload.optional !== true) process.exitCode = 1
      continue
    }
    const measured = options.control ? control(workload) : workload
    const mine = await measure(name, measured, repeats, settings)
    console.log(figuresTable(workload, mine))
    samples.push(...mine)
    goals.push(...goalRows(name, workload, mine))
  }
  if (options.quick) console.log('\nThis was quick: the figures say only that everything works.')
  if (options.control) console.log('\nThis was the control: every server was the baseline.')
  else if (goals.length > 1) console.log(`\n**What is promised**\n\n${table(goals)}`)
  if (options.save) {
    writeFileSync(`benchmark/results/${suite.name}.json`, rawSamples(where, samples))
  }
}

function chosen(
  all: ReadonlyMap<string, Workload>,
  only: string | undefined,
): ReadonlyMap<string, Workload> {
  if (only === undefined) return all
  const names = only.split(',')
  const unknown = names.filter((name) => !all.has(name))
  if (unknown.length > 0) {
    const known = [...all.keys()].join(', ')
    throw new Error(`there is no workload ${unknown.join(', ')}; there are ${known}`)
  }
  return new Map([...all].filter(([name]) => names.includes(name)))
}

/** The baseline under the names of all servers. */
function control(workload: Workload): Workload {
  const command = workload.servers.get(workload.baseline)
  if (command === undefined) throw new Error(`there is no server ${workload.baseline}`)
  return {
    ...workload,
    servers: new Map([...workload.servers.keys()].map((name) => [name, command])),
  }
}

async function measure(
  name: string,
  workload: Workload,
  repeats: number,
  settings: Settings,
): Promise<Sample[]> {
  const samples: Sample[] = []
  const servers = [...workload.servers]
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    // Each is first once: nobody always comes after the same one.
    const first = repeat % servers.length
    for (const [server, command] of [...servers.slice(first), ...servers.slice(0, first)]) {
      const figures = await workload.measure(command, settings)
      samples.push({ workload: name, server, repeat, ...figures })
    }
  }
  return samples
}
