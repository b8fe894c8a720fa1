/**
 * What `docs/platforms.md` is made of: what is known of binaries and of runs, without what is only of
 * use on this machine. It is kept in `docs/platforms.json`, so that the page can be made anew without
 * running everything again.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { recipes } from '../cross/recipes.js'
import { artifactFolder, type BuildRecord } from '../cross/record.js'
import { problemsOf } from '../inspection.js'
import { binaryName, type Target } from '../platform-packages.js'
import { type RunRecord, runRecords } from './record.js'

export interface Binary {
  readonly tuple: string
  /** In bytes. */
  readonly size: number
  /** The oldest system that it loads in, in words. */
  readonly floor: string
  readonly linker: string
  readonly rustc: string
  /** What a release would not have; nothing if it is as it should be. */
  readonly problems: readonly string[]
}

export interface Summary {
  readonly binaries: readonly Binary[]
  readonly runs: readonly RunRecord[]
}

const file = 'docs/platforms.json'

export function readSummary(): Summary {
  return JSON.parse(readFileSync(file, 'utf8')) as Summary
}

/**
 * Takes what is new in the cache into the summary. What the cache does not have stays as it was: not
 * every machine can run everything.
 */
export async function updateSummary(): Promise<Summary> {
  const before: Summary = existsSync(file) ? readSummary() : { binaries: [], runs: [] }
  const summary: Summary = {
    binaries: merged(before.binaries, builtHere(), ({ tuple }) => tuple),
    runs: merged(before.runs, runRecords(), ({ emulator, runtime, tuple }) =>
      [tuple, emulator ?? '', runtime.replace(/(\d+)\.[\d.]+$/, '$1')].join(' '),
    ),
  }
  const options = await resolveConfig(file)
  writeFileSync(file, await format(JSON.stringify(summary), { ...options, parser: 'json' }))
  return summary
}

function merged<T>(before: readonly T[], now: readonly T[], nameOf: (one: T) => string): T[] {
  const all = new Map([...before, ...now].map((one) => [nameOf(one), one]))
  return [...all.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

function builtHere(): Binary[] {
  return recipes().flatMap(({ target }) => {
    const record = recordOf(target)
    if (record === undefined) return []
    const bytes = readFileSync(join(artifactFolder(target.tuple), binaryName(target)))
    const { floor, linker, rustc, size, tuple } = record
    return [{ tuple, size, floor, linker, rustc, problems: problemsOf(bytes, target) }]
  })
}

function recordOf({ tuple }: Target): BuildRecord | undefined {
  const record = join(artifactFolder(tuple), 'record.json')
  if (!existsSync(record)) return undefined
  return JSON.parse(readFileSync(record, 'utf8')) as BuildRecord
}
