/**
 * Runs the tests in other runtimes and on other platforms than those of `npm test`, with binaries as
 * they are published (`npm run cross` builds what is missing). Each file of `platforms/` names runners
 * and installs what they need into the cache. What came of whole runs is written to
 * `docs/platforms.md`, and which tier that makes to the README.
 *
 * usage: npm run test:platforms                  all, one after the other
 *        npm run test:platforms -- NAME…         runners of this name, or whose names begin with it and a hyphen
 *            --bounded       a few specs of some runners; those of this machine's platform run its own build
 *            --suite SUITE   this one alone, which goes on record as a run of that; may be repeated
 *            --only SPEC     this spec, such as `engine/threads`; may be repeated
 *            --differences   only the tests that are left out, to see which pass by now
 *            --list          names all runners
 *        npm run test:platforms -- --write       runs none, and writes `docs/platforms.md` from the records
 */
import { parseArgs } from 'node:util'
import { tuple as tupleHere } from '#src/platform.js'
import { testedAs } from './cross/recipes.js'
import { artifactOf } from './platforms/artifact.js'
import { differencesOf, titlesOf } from './platforms/differences.js'
import { writePages } from './platforms/page.js'
import { keepRecord } from './platforms/record.js'
import { type Task, type Total, runSpecs } from './platforms/run-specs.js'
import { type Runner, type Runtime, type Suite, specsOf, suites } from './platforms/runner.js'
import { runners } from './platforms/runners.js'
import { makeStage, removeStage } from './platforms/stage.js'
import { updateSummary } from './platforms/summary.js'

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    bounded: { type: 'boolean', default: false },
    differences: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    suite: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
})

// Leaves by `exit`, which ends what runs.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

function isWanted({ bounded, name }: Runner): boolean {
  if (options.bounded && bounded === undefined) return false
  return (
    positionals.length === 0 || positionals.some((wanted) => `${name}-`.startsWith(`${wanted}-`))
  )
}

/** What is run, in parts that go on record when they are whole. */
function partsOf(runner: Runner): { readonly suite?: Suite; readonly specs: readonly string[] }[] {
  if (options.only.length > 0) return [{ specs: options.only }]
  if (options.bounded) return [{ specs: runner.bounded ?? [] }]
  const wanted = suites.filter((suite) => options.suite.includes(suite))
  const chosen = options.suite.length === 0 ? runner.suites : wanted
  return chosen.map((suite) => ({ suite, specs: specsOf(suite) }))
}

/** What is left out, as patterns; or, if that alone is wanted, what is not. */
function matchFor(runner: Runner, spec: string): string[] | undefined {
  const titles = titlesOf(differencesOf(runner.name, spec))
  if (!options.differences) return titles.map((title) => `!${title}`)
  return titles.length === 0 ? undefined : titles
}

async function runAll(
  runner: Runner,
  specs: readonly string[],
  runtime: Runtime,
  stage: string,
): Promise<Total> {
  const tasks: Task[] = []
  let leftOut = 0
  for (const spec of specs) {
    const match = matchFor(runner, spec)
    if (match === undefined) continue
    // Not even loaded: how many tests it has is not known then.
    if (match.includes('!*')) {
      console.log(`${spec}: left out`)
      leftOut += 1
    } else tasks.push({ runtime, spec, match })
  }
  const total = await runSpecs(stage, tasks, ({ passed }) => {
    if (options.differences) for (const title of passed) console.log(`  passes: ${title}`)
  })
  return { ...total, skipped: total.skipped + leftOut }
}

/** The binary that is run: built here, where that is what the bounded run is to be quick with. */
function binaryFor({ tuple }: Runner): string {
  return options.bounded && tuple === tupleHere()
    ? `mio-js.${tuple}.node`
    : artifactOf(testedAs(tuple))
}

async function runOne(runner: Runner): Promise<Total> {
  let runtime: Runtime
  let stage: string
  try {
    runtime = await runner.prepare()
    stage = makeStage(binaryFor(runner), runner.tuple)
  } catch (error) {
    // In CI all is there that runners need.
    const failed = process.env['CI'] === 'true' ? 1 : 0
    console.log(`${failed ? 'failed' : 'skipped'}: ${(error as Error).message}`)
    return { passed: 0, failed, skipped: 0 }
  }
  const { emulator = null, tuple } = runner
  console.log(`${tuple}, ${runtime.version}${emulator === null ? '' : `, by ${emulator}`}`)
  const sum: Total = { passed: 0, failed: 0, skipped: 0 }
  const start = performance.now()
  try {
    for (const { specs, suite } of partsOf(runner)) {
      const begin = performance.now()
      const total = await runAll(runner, specs, runtime, stage)
      for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += total[key]
      if (suite === undefined || options.differences) continue
      keepRecord(runner, suite, {
        tuple,
        runtime: runtime.version,
        emulator,
        suites: [suite],
        ...total,
        seconds: secondsSince(begin),
        date: new Date().toISOString(),
      })
    }
    const { failed, passed } = sum
    console.log(`${runner.name}: ${passed} passed, ${failed} failed in ${secondsSince(start)} s`)
    return sum
  } finally {
    removeStage(stage)
  }
}

function secondsSince(begin: number): number {
  return Math.round((performance.now() - begin) / 1000)
}

/** Whether all tests of some suites run, so that it goes on record. */
const isWhole = !options.bounded && !options.differences && options.only.length === 0

async function runWanted(wanted: readonly Runner[]): Promise<void> {
  const totals: Total[] = []
  for (const runner of wanted) {
    console.log(`== ${runner.name}`)
    totals.push(await runOne(runner))
  }
  if (isWhole) await writePages(await updateSummary())
  const passed = totals.reduce((sum, total) => sum + total.passed, 0)
  const failed = totals.reduce((sum, total) => sum + total.failed, 0)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}

function refuse(why: string): void {
  console.error(why)
  process.exitCode = 2
}

const wanted = runners.filter((runner) => isWanted(runner))
const unknown = options.suite.filter((name) => !suites.some((suite) => suite === name))
if (wanted.length === 0) {
  refuse(`there is no such runner; there are: ${runners.map(({ name }) => name).join(' ')}`)
} else if (unknown.length > 0) {
  refuse(`there is no such suite; there are: ${suites.join(' ')}`)
} else if (options.bounded && options.suite.length > 0) {
  refuse('--bounded names its own specs, and takes no --suite')
} else if (options.list) {
  for (const { name, runtime, tuple } of wanted) console.log(name, tuple, runtime)
} else if (options.write) {
  await writePages(await updateSummary())
} else {
  await runWanted(wanted)
}
