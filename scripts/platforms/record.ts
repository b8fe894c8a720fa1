/** What is known of runs: one record for each suite of a runner, in the cache. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath } from '../cache.js'
import { type Runner, type Suite, suites as allSuites } from './runner.js'

/** What came of a suite, or of several that were run in one runtime. */
export interface RunRecord {
  readonly tuple: string
  /** With the exact version. */
  readonly runtime: string
  /** Nothing where the processor itself runs it. */
  readonly emulator: string | null
  readonly suites: readonly Suite[]
  /** Numbers of tests. */
  readonly passed: number
  readonly failed: number
  /** Those that say themselves that they cannot run there, and those that `differences.ts` leaves out. */
  readonly skipped: number
  readonly seconds: number
  /** As ISO 8601 has it; of the first one, if there are several. */
  readonly date: string
}

const folder = cachePath('platforms', 'records')

export function keepRecord({ name, tuple }: Runner, suite: Suite, record: RunRecord): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${tuple}--${name}--${suite}.json`)
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
}

/** What each runner did in the newest version of its runtime that it has a record of. */
export function runRecords(): RunRecord[] {
  mkdirSync(folder, { recursive: true })
  const byRunner = new Map<string, RunRecord[]>()
  for (const name of readdirSync(folder).toSorted()) {
    const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RunRecord
    const runner = name.slice(0, name.lastIndexOf('--'))
    byRunner.set(runner, [...(byRunner.get(runner) ?? []), record])
  }
  return [...byRunner.values()].map((records) => {
    const { runtime } = records.reduce((one, other) => (one.date > other.date ? one : other))
    return together(records.filter((record) => record.runtime === runtime))
  })
}

function together(all: readonly RunRecord[]): RunRecord {
  const whole = all.filter(({ suites }) => !suites.includes('smoke'))
  // Its tests are among those of the others.
  return sumOf(whole.length === 0 ? all : whole)
}

function sumOf(records: readonly RunRecord[]): RunRecord {
  const sum = (of: (record: RunRecord) => number): number =>
    records.reduce((total, record) => total + of(record), 0)
  return {
    ...(records[0] as RunRecord),
    suites: allSuites.filter((suite) => records.some(({ suites }) => suites.includes(suite))),
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    seconds: sum(({ seconds }) => seconds),
    date: records.map(({ date }) => date).toSorted()[0] as string,
  }
}
