/**
 * Makes the system calls of the native module fail, one at a time, and looks at what comes of it: see
 * docs/reliability.md.
 *
 * usage: npm run test:faults [-- --bounded]
 *        npm run test:faults -- --scenario NAME [--io IO] [--wake uv|thread] [--seed N] [--nth N]
 *          [--function NAME --outcome NAME [--lasting]] [--tally]
 *        npm run test:faults -- --truth [--seed N]
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { buildShim } from './faults/build-shim.js'
import {
  Campaign,
  type Case,
  type Failure,
  type Place,
  casesOf,
  commandOf,
  lastingTime,
} from './faults/campaign.js'
import { functionNames, functions } from './faults/functions.js'
import { scenarios } from './faults/scenarios/index.js'
import { SubjectProcess } from './faults/subject-process.js'
import { Truth } from './faults/truth.js'

const { values } = parseArgs({
  options: {
    bounded: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    io: { type: 'string' },
    wake: { type: 'string' },
    function: { type: 'string' },
    outcome: { type: 'string' },
    lasting: { type: 'boolean', default: false },
    seed: { type: 'string' },
    nth: { type: 'string' },
    truth: { type: 'boolean', default: false },
    tally: { type: 'boolean', default: false },
  },
})

if (process.platform !== 'linux') {
  console.log('calls are made to fail on Linux only')
  process.exit(0)
}

/** One of its own each time, but for a run that is to take the same time. */
const seed = Number(values.seed ?? (values.bounded ? 1 : randomInt(2 ** 32)))
const shim = buildShim()
/** Most of what a run does is to wait. */
const processes = 4
/** Calls that strace makes fail as well, in a bounded run. */
const fewTrials = 12

const any: Case = { lasting: 0 }
const called = new Set<string>()
let runs = 0
let failed = 0

/** What was asked for by name. */
function chosenCase(): Case | undefined {
  const { function: name, outcome: wanted, lasting } = values
  if (name === undefined) return undefined
  if (name === 'any') return any
  const outcome = functions[name]?.find((candidate) => candidate.name === wanted)
  if (outcome === undefined) throw new Error(`there is no ${name} with the outcome ${wanted}`)
  return { name, outcome, lasting: lasting ? lastingTime : 0 }
}

/** All that was asked for; of a bounded run, each scenario in one or two ways. */
function placesOf(): Place[] {
  const { scenario, io, wake, bounded } = values
  const places = Object.entries(scenarios).flatMap(([name, { settings }]) =>
    settings
      .slice(0, bounded ? 2 : settings.length)
      .map((setting) => ({ scenario: name, setting, seed })),
  )
  const isWanted = (wanted: string | undefined, found: string): boolean =>
    wanted === undefined || wanted === found
  return places.filter(
    ({ scenario: name, setting }) =>
      isWanted(scenario, name) && isWanted(io, setting.io) && isWanted(wake, setting.wake),
  )
}

/** Every case, or of a bounded run the one in which anything may fail, and all where that is fast. */
function casesAt({ scenario, setting }: Place, calls: Iterable<string>): Case[] {
  const chosen = chosenCase()
  if (chosen !== undefined) return [chosen]
  const isFast = ['sync', 'inline'].includes(setting.io) && setting.wake === 'uv'
  if (values.bounded && !isFast) return [any]
  return [any, ...casesOf(calls, scenarios[scenario]?.without)]
}

async function visit(place: Place): Promise<void> {
  const { scenario, setting } = place
  const started = performance.now()
  const subject = new SubjectProcess(shim, scenario, setting)
  const campaign = new Campaign(subject, place, scenarios[scenario]?.without)
  try {
    const calls = await campaign.survey()
    for (const name of calls?.keys() ?? []) called.add(name)
    if (calls === undefined) {
      // What fails could not be told from what does not work anyway.
    } else if (values.nth !== undefined) {
      const report = await campaign.try(chosenCase() ?? any, Number(values.nth))
      if (report !== undefined) console.log(`told: ${report.codes.join(', ') || 'nothing'}`)
    } else {
      for (const one of casesAt(place, calls.keys())) await campaign.exhaust(one)
    }
  } finally {
    subject.close()
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const name = `${scenario}, ${setting.io}, ${setting.wake}`
  console.log(`${name}: ${campaign.runs} runs, ${campaign.failures.length} failed, ${seconds} s`)
  if (values.tally) printTally(campaign)
  for (const failure of campaign.failures) print(failure)
  runs += campaign.runs
  failed += campaign.failures.length
}

function printTally({ tallies }: Campaign): void {
  for (const { case: one, runs: count, told } of tallies) {
    const { name = 'any', outcome, lasting } = one
    const what = `${name} ${outcome?.name ?? ''}${lasting > 0 ? ', lasting' : ''}`
    console.log(`  ${what}: ${count} runs, the program was told in ${told}`)
  }
}

function print({ place, case: one, nth, violations, lines, log }: Failure): void {
  console.log(`\n${commandOf(place, one, nth)}`)
  for (const violation of violations) console.log(`  ${violation}`)
  for (const line of lines) console.log(`  ${line}`)
  // All calls, of the one run that is looked at.
  for (const { name, fd, result, error, thread, injected } of values.nth ? log : []) {
    const mark = injected === '' ? '' : ` <-- ${injected}`
    console.log(`    ${thread} ${name}(${fd}) = ${result} ${error}${mark}`)
  }
}

/** Has some calls fail by strace as well, and compares. */
async function checkTruth(most: number): Promise<void> {
  if (!Truth.isPossible()) {
    console.log('not compared with strace, which is not there')
    if (process.env['CI'] === 'true') failed += 1
    return
  }
  const started = performance.now()
  const subject = new SubjectProcess(shim, 'mirror', { io: 'sync', wake: 'uv' })
  const truth = new Truth(subject, seed)
  try {
    await truth.compare(most)
  } finally {
    subject.close()
    truth.close()
  }
  const { differences, trials } = truth
  for (const difference of differences) console.log(difference)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`by strace as well: ${trials} calls, ${differences.length} differences, ${seconds} s`)
  runs += trials
  failed += differences.length
}

console.log(`seed ${seed}`)
const places = placesOf()
if (places.length === 0) throw new Error('there is no such scenario')
if (!values.truth) {
  const queue = [...places]
  const visitAll = async (): Promise<void> => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) await visit(place)
  }
  await Promise.all(Array.from({ length: processes }, visitAll))
}
if (values.scenario === undefined) await checkTruth(values.bounded ? fewTrials : Infinity)
if (values.scenario === undefined && !values.truth) {
  const never = functionNames.filter((name) => !called.has(name))
  console.log(`never called: ${never.join(', ') || 'none'}`)
}
console.log(`seed ${seed}: ${runs} runs, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
