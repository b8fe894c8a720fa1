/** What is known of runs: one record for each runner, in the cache. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath } from '../cache.js'
import type { Runner } from './runner.js'

export interface RunRecord {
  readonly tuple: string
  /** With the exact version. */
  readonly runtime: string
  /** Nothing where the processor itself runs it. */
  readonly emulator: string | null
  readonly suites: readonly string[]
  /** Numbers of tests. */
  readonly passed: number
  readonly failed: number
  /** Those that say themselves that they cannot run there, and those that `differences.ts` leaves out. */
  readonly skipped: number
  readonly seconds: number
  /** As ISO 8601 has it. */
  readonly date: string
}

const folder = cachePath('platforms', 'records')

export function keepRecord({ name, tuple }: Runner, record: RunRecord): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${tuple}--${name}.json`)
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
}

/** All records, in the order of their names. */
export function runRecords(): RunRecord[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RunRecord)
}
