/**
 * Tests that a runtime or an emulator cannot pass, for a reason that is not this package's: what they
 * need is missing there, or is not as in Node on Linux. They are left out, and counted as skipped.
 * `npm run test:platforms -- NAME --differences` runs these alone, and tells which pass by now.
 */

export interface Difference {
  /** Names of runners, or how they begin: `qemu-`. */
  readonly runners: readonly string[]
  readonly spec: string
  /** Titles, in which `*` stands for anything. All tests of the spec, if there are none. */
  readonly titles?: readonly string[]
  readonly why: string
}

export const differences: readonly Difference[] = []

export function differencesOf(runner: string, spec: string): Difference[] {
  return differences.filter(
    (one) => one.spec === spec && one.runners.some((name) => runner.startsWith(name)),
  )
}

/** The titles that are left out, as patterns. */
export function titlesOf(found: readonly Difference[]): string[] {
  return found.flatMap(({ titles }) => titles ?? ['*'])
}
