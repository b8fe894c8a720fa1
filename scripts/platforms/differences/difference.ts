export interface Difference {
  /** Names of runners, or how they begin: `qemu-`. */
  readonly runners: readonly string[]
  readonly spec: string
  /** Titles, in which `*` stands for anything. All tests of the spec, if there are none. */
  readonly titles?: readonly string[]
  readonly why: string
}

type Tests = readonly [spec: string, ...titles: string[]]

/** Tests that have one reason: of each spec the titles that are named, or all of them. */
export function because(
  why: string,
  runners: readonly string[],
  tests: readonly Tests[],
): Difference[] {
  return tests.map(([spec, ...titles]) => ({
    runners,
    spec,
    why,
    ...(titles.length === 0 ? {} : { titles }),
  }))
}
