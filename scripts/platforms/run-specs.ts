/** Runs specs in a runtime, each in a process of its own, and adds up what came of their tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime } from './runner.js'
import type { Job, Line } from './spec.js'

export interface Outcome {
  readonly spec: string
  readonly passed: readonly string[]
  /** Tests that say themselves that they cannot run there. */
  readonly skipped: number
  /** Tests that were left out, as the runtime differs. */
  readonly leftOut: number
  readonly failures: readonly string[]
  /** How long it took. */
  readonly milliseconds: number
}

/** Numbers of tests. */
export interface Total {
  passed: number
  failed: number
  skipped: number
}

/** A spec that is to be run. */
export interface Task {
  readonly runtime: Runtime
  readonly spec: string
  /** What {@link runSpec} is given. */
  readonly match: readonly string[]
  /** What it is called in what is printed, if not as the spec. */
  readonly name?: string
}

/** Runs specs, two at a time, and prints what came of each. */
export async function runSpecs(
  stage: string,
  tasks: readonly Task[],
  hear: (outcome: Outcome) => void = () => {},
): Promise<Total> {
  const total: Total = { passed: 0, failed: 0, skipped: 0 }
  const queue = [...tasks]
  const runNext = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const { match, runtime, spec, name = spec } = task
      const outcome = await runSpec(stage, runtime, spec, match)
      print(name, outcome)
      hear(outcome)
      total.passed += outcome.passed.length
      total.failed += outcome.failures.length
      total.skipped += outcome.skipped + outcome.leftOut
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, runNext))
  return total
}

function print(name: string, outcome: Outcome): void {
  const { failures, leftOut, milliseconds, passed, skipped } = outcome
  const counts = [`${passed.length} passed`]
  if (failures.length > 0) counts.push(`${failures.length} failed`)
  if (skipped + leftOut > 0) counts.push(`${skipped + leftOut} skipped`)
  console.log(`${name}: ${counts.join(', ')} (${(milliseconds / 1000).toFixed(1)} s)`)
  for (const failure of failures) console.log(failure.replaceAll(/^/gm, '  '))
}

/** How long a spec may take, in milliseconds. */
const deadline = 120_000

/** Those that run now. They end with this process. */
const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) killGroup(child)
})

interface Exit {
  readonly ending: string
  readonly output: string
}

/** Runs one spec in the folder of {@link makeStage}. */
async function runSpec(
  stage: string,
  runtime: Runtime,
  spec: string,
  match: readonly string[] = [],
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-spec-'))
  const begin = performance.now()
  try {
    const report = join(folder, 'report')
    const job: Job = { spec: `build/__test__/${spec}.spec.js`, report, match }
    writeFileSync(join(folder, 'job.json'), JSON.stringify(job))
    const { environment, reference } = runtime
    let asked: Runtime = runtime
    if (reference !== undefined && comparesWithNode(stage, job.spec)) {
      const answers = join(folder, 'answers')
      await ask(stage, reference, { ...job, report: join(folder, 'asked') }, answers)
      asked = { ...runtime, environment: { ...environment, MIO_JS_TEST_REFERENCE: answers } }
    }
    let exit = await run(stage, asked, join(folder, 'job.json'))
    for (let again = 0; hasCrashed(runtime, exit) && again < 2; again += 1) {
      console.log(`${spec}: ${runtime.crashed}, again`)
      rmSync(report, { force: true })
      exit = await run(stage, asked, join(folder, 'job.json'))
    }
    const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
    const milliseconds = performance.now() - begin
    return { ...outcomeOf(spec, text, exit), milliseconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function hasCrashed({ crashed }: Runtime, { output }: Exit): boolean {
  return crashed !== undefined && output.includes(crashed)
}

function comparesWithNode(stage: string, spec: string): boolean {
  return /support\/(net|reference)\.js|\bnode(Connect|Listen)Error\b/.test(
    readFileSync(join(stage, spec), 'utf8'),
  )
}

/** Has Node write down what it does in a spec. What it fails in has no answer. */
async function ask(stage: string, node: Runtime, job: Job, answers: string): Promise<void> {
  writeFileSync(answers, '')
  writeFileSync(`${answers}.json`, JSON.stringify(job))
  const environment = { ...node.environment, MIO_JS_TEST_RECORD: answers }
  await run(stage, { ...node, environment }, `${answers}.json`)
}

async function run(
  stage: string,
  { command, environment, patience = 1 }: Runtime,
  job: string,
): Promise<Exit> {
  const [program, ...args] = command
  const child = spawn(program, [...args, 'build/scripts/platforms/spec.js', job], {
    cwd: stage,
    // A group of its own, as its tests start programs that must end with it.
    detached: true,
    env: {
      ...process.env,
      ...environment,
      MIO_JS_TEST_PATIENCE: String(patience),
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)))
  }
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    killGroup(child)
  }, deadline * patience)
  const ending = await new Promise<string>((done) => {
    child.once('error', ({ message }) => done(message))
    // Not `close`: what it started may have its output, and go on for ever.
    child.once('exit', (code, signal) => done(signal ?? `code ${code}`))
  })
  clearTimeout(timer)
  killGroup(child)
  running.delete(child)
  return { ending: isLate ? `after ${(deadline * patience) / 1000} s` : ending, output }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // All have ended.
  }
}

function outcomeOf(spec: string, report: string, exit: Exit): Omit<Outcome, 'milliseconds'> {
  const lines = report
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line)
  const titles = (what: Line['what']): string[] =>
    lines.flatMap((line) => (line.what === what && line.what !== 'finished' ? [line.title] : []))
  const failures = lines.flatMap((line) =>
    line.what === 'failed' ? [`${line.title}\n${line.why}`] : [],
  )
  const passed = titles('passed')
  if (lines.at(-1)?.what !== 'finished' || exit.ending !== 'code 0') {
    const ended = new Set([...passed, ...titles('failed')])
    const pending = titles('selected').find((title) => !ended.has(title))
    const last = pending === undefined ? '' : ` in "${pending}"`
    if (failures.length === 0 || last !== '')
      failures.push(`the process ended${last}: ${exit.ending}\n${exit.output}`)
  }
  return {
    spec,
    passed,
    skipped: titles('skipped').length,
    leftOut: titles('left out').length,
    failures,
  }
}
