/**
 * All failures of one scenario: for each function and outcome the first call, the second, and so on,
 * until the scenario ends without having come to the call that was to fail.
 */
import { type Outcome, functions } from './functions.js'
import type { Call } from './control.js'
import type { Setting } from './scenario.js'
import type { Report } from './subject.js'
import type { SubjectProcess } from './subject-process.js'

/** What fails, and how. */
export interface Case {
  /** Absent: any function, and any of its outcomes. */
  readonly name?: string
  readonly outcome?: Outcome
  /** Milliseconds; 0 for once. */
  readonly lasting: number
}

/** How it is called by those who ask for it again. */
export interface Place {
  readonly scenario: string
  readonly setting: Setting
  readonly seed: number
}

/** One run that went wrong. */
export interface Failure {
  readonly place: Place
  readonly case: Case
  readonly nth: number
  readonly violations: readonly string[]
  /** What became of each connection. */
  readonly lines: readonly string[]
  readonly log: readonly Call[]
}

/** What all runs of one case came to. */
export interface Tally {
  readonly case: Case
  /** Runs with a failure. */
  runs: number
  /** Runs in which the program was told of something. */
  told: number
}

/** How long a failure that lasts goes on. */
export const lastingTime = 250
/** Microseconds of processor time that no run needs. */
const maxCpu = 2_000_000
/** One case is given up after so many failures. */
const maxFailures = 3

/** All cases of functions that a scenario calls. */
export function casesOf(called: Iterable<string>, without: readonly string[] = []): Case[] {
  return [...called].flatMap((name) =>
    (functions[name] ?? [])
      .filter((outcome) => !without.includes(`${name} ${outcome.name}`))
      .flatMap((outcome) => {
        const once = { name, outcome, lasting: 0 }
        return outcome.canLast ? [once, { ...once, lasting: lastingTime }] : [once]
      }),
  )
}

/** The command that repeats a run. */
export function commandOf({ scenario, setting, seed }: Place, one: Case, nth: number): string {
  const { name, outcome, lasting } = one
  const words = [
    `npm run test:faults -- --scenario ${scenario} --io ${setting.io} --wake ${setting.wake}`,
    ...(name === undefined ? [] : [`--function '${name}' --outcome ${outcome?.name}`]),
    ...(lasting === 0 ? [] : ['--lasting']),
    `--seed ${seed} --nth ${nth}`,
  ]
  return words.join(' ')
}

export class Campaign {
  readonly failures: Failure[] = []
  readonly tallies: Tally[] = []
  runs = 0
  readonly #subject: SubjectProcess
  readonly #place: Place
  readonly #without: readonly string[]
  /** Calls of a run in which nothing fails. */
  #calls = 0

  constructor(subject: SubjectProcess, place: Place, without: readonly string[] = []) {
    this.#subject = subject
    this.#place = place
    this.#without = without
  }

  /** A run in which nothing fails, and how often it calls what; undefined if it went wrong. */
  async survey(): Promise<ReadonlyMap<string, number> | undefined> {
    const nothing: Case = { lasting: 0 }
    const report = await this.#subject.run({ plan: this.#planOf(nothing, 0), seed: this.#seed })
    if (typeof report === 'string' || report.violations.length > 0) {
      this.#fail(nothing, 0, report)
      return undefined
    }
    this.#calls = report.record.calls
    return report.record.byFunction
  }

  /** Makes the n-th call fail, for each n. */
  async exhaust(one: Case): Promise<void> {
    const tally = { case: one, runs: 0, told: 0 }
    this.tallies.push(tally)
    let failed = 0
    for (let nth = 1; failed < maxFailures; nth += 1) {
      const report = await this.try(one, nth)
      if (report === undefined) failed += 1
      else if (report.record.counted < nth) return
      else if (report.record.injected > 0) {
        tally.runs += 1
        tally.told += report.codes.length > 0 ? 1 : 0
      }
    }
  }

  /** Makes one run; undefined if it went wrong. */
  async try(one: Case, nth: number): Promise<Report | undefined> {
    const report = await this.#subject.run({ plan: this.#planOf(one, nth), seed: this.#seed })
    this.runs += 1
    if (typeof report === 'string') {
      this.#fail(one, nth, report)
      return undefined
    }
    const violations = [...report.violations, ...this.#excesses(report, one)]
    if (violations.length === 0) return report
    this.#fail(one, nth, { ...report, violations })
    return undefined
  }

  get #seed(): number {
    return this.#place.seed
  }

  #planOf({ name, outcome, lasting }: Case, nth: number) {
    const isPossible = (of: string) => (candidate: Outcome) =>
      !this.#without.includes(`${of} ${candidate.name}`)
    const outcomes =
      name === undefined || outcome === undefined
        ? Object.entries(functions).map(
            ([of, list]) => [of, list.filter(isPossible(of))] as [string, Outcome[]],
          )
        : [[name, [outcome]] as [string, Outcome[]]]
    return {
      outcomes: new Map(nth === 0 ? [] : outcomes),
      nth,
      seed: this.#seed,
      lasting,
    }
  }

  /** What a run must not need. */
  #excesses({ record, cpu }: Report, { lasting }: Case): string[] {
    // A program that tries again does so at intervals.
    const most = this.#calls * 3 + 200 + lasting * 2
    return [
      ...(record.calls > most ? [`spins: ${record.calls} calls, where ${this.#calls} do`] : []),
      ...(cpu > maxCpu ? [`spins: ${Math.round(cpu / 1000)} ms of the processor`] : []),
    ]
  }

  #fail(one: Case, nth: number, report: Report | string): void {
    const isDead = typeof report === 'string'
    this.failures.push({
      place: this.#place,
      case: one,
      nth,
      violations: isDead ? [report] : report.violations,
      lines: isDead ? [] : report.lines,
      log: isDead ? [] : report.log,
    })
  }
}
