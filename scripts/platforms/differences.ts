/**
 * Tests that a runtime or an emulator cannot pass, for a reason that is not this package's: what they
 * need is missing there, or is not as in Node on Linux. They are left out, and counted as skipped.
 * `npm run test:platforms -- NAME --differences` runs these alone, and tells which pass by now.
 */
import { bun } from './differences/bun.js'
import { deno } from './differences/deno.js'
import type { Difference } from './differences/difference.js'
import { foreign } from './differences/foreign.js'
import { wine } from './differences/wine.js'

export const differences: readonly Difference[] = [...bun, ...deno, ...foreign, ...wine]

export function differencesOf(runner: string, spec: string): Difference[] {
  return differences.filter(
    ({ runners, spec: other }) => other === spec && runners.some((name) => isOf(runner, name)),
  )
}

/** Whether a runner is meant: by its name, or by how that begins, with a hyphen. */
export function isOf(runner: string, name: string): boolean {
  return name.endsWith('-') ? runner.startsWith(name) : runner === name
}

/** The titles that are left out, as patterns. */
export function titlesOf(found: readonly Difference[]): string[] {
  return found.flatMap(({ titles }) => titles ?? ['*'])
}
