/**
 * Whether the shim tells the truth: the same call fails once by it and once by strace, which sits
 * below the C library and knows nothing of it, and the same must come of both.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { type Outcome, functions } from './functions.js'
import { Random } from './random.js'
import type { SubjectProcess } from './subject-process.js'

/** What the program calls, to be seen. */
export const Mark = { begin: '/mio-js/begin', calm: '/mio-js/calm' } as const

/** The system calls that functions are, where their names differ; several can be one. */
const syscalls: Readonly<Record<string, string>> = {
  'getsockopt(SO_ERROR)': 'getsockopt',
  recv: 'recvfrom',
  send: 'sendto',
  'epoll_ctl(ADD)': 'epoll_ctl',
  'epoll_ctl(MOD)': 'epoll_ctl',
  'epoll_ctl(DEL)': 'epoll_ctl',
  eventfd: 'eventfd2',
  'fcntl(DUPFD)': 'fcntl',
}

/** What is one call for strace and several functions here, or no call of the system at all. */
const others = new Set([
  'open',
  'pthread_create',
  'read',
  'read(eventfd)',
  'write',
  'write(eventfd)',
])
const functionsWithSyscall = Object.keys(functions).filter((name) => !others.has(name))

function syscallOf(name: string): string {
  return syscalls[name] ?? name
}

function countsOf(calls: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const call of calls) counts.set(call, (counts.get(call) ?? 0) + 1)
  return counts
}

/** A call that fails: the n-th of a system call, from the beginning of the scenario. */
interface Trial {
  readonly syscall: string
  readonly outcome: Outcome
  readonly nth: number
}

/** What came of it. */
interface Result {
  readonly codes: readonly string[]
  readonly violations: readonly string[]
  readonly lines: readonly string[]
}

export class Truth {
  readonly differences: string[] = []
  trials = 0
  readonly #subject: SubjectProcess
  readonly #seed: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'mio-js-truth-'))

  /** The subject runs the scenario `mirror` with `sync`, which makes all calls from one thread. */
  constructor(subject: SubjectProcess, seed: number) {
    this.#subject = subject
    this.#seed = seed
  }

  static isPossible(): boolean {
    return spawnSync('strace', ['-V']).status === 0
  }

  /** Tries each outcome of each system call once, at a call that the seed decides; or some of them. */
  async compare(most: number): Promise<void> {
    const { calls } = this.#trace([])
    const begin = calls.indexOf(Mark.begin)
    const before = countsOf(calls.slice(0, begin))
    const counts = countsOf(calls.slice(begin + 1, calls.indexOf(Mark.calm)))
    for (const trial of this.#trials(counts).slice(0, most)) {
      await this.#try(trial, before.get(trial.syscall) ?? 0)
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true })
  }

  #trials(counts: ReadonlyMap<string, number>): Trial[] {
    const random = new Random(this.#seed)
    const trials: Trial[] = []
    for (const name of functionsWithSyscall) {
      const syscall = syscallOf(name)
      const count = counts.get(syscall) ?? 0
      for (const outcome of count === 0 ? [] : (functions[name] ?? [])) {
        // The others are more than a number that is returned.
        if (outcome.error === 0 || outcome.flags !== 0 || outcome.name.includes('=')) continue
        if (trials.some((one) => one.syscall === syscall && one.outcome.name === outcome.name)) {
          continue
        }
        trials.push({ syscall, outcome, nth: random.between(1, count) })
      }
    }
    return random.shuffled(trials)
  }

  /** `before`: strace counts from the start of the process. */
  async #try({ syscall, outcome, nth }: Trial, before: number): Promise<void> {
    const what = `${syscall} ${outcome.name}, call ${nth}`
    const inject = `inject=${syscall}:error=${outcome.name}:when=${before + nth}`
    const real = this.#trace(['-e', inject])
    if (real.result === undefined) {
      this.differences.push(`${what}: it ended without a result by strace`)
      return
    }
    // Which call it was in truth: there may have been others before than last time.
    const own = real.calls.slice(real.calls.indexOf(Mark.begin) + 1)
    const failed = own.slice(0, own.indexOf(Mark.calm)).indexOf('injected')
    if (failed === -1) {
      if (nth > 1) await this.#try({ syscall, outcome, nth: nth >> 1 }, before)
      else this.differences.push(`${what}: it did not fail by strace`)
      return
    }
    const actual = own.slice(0, failed).filter((call) => call === syscall).length + 1
    this.trials += 1
    const names = functionsWithSyscall.filter((name) => syscallOf(name) === syscall)
    const plan = {
      outcomes: new Map(names.map((name) => [name, [outcome]] as const)),
      nth: actual,
      seed: this.#seed,
      lasting: 0,
    }
    const report = await this.#subject.run({ plan, seed: this.#seed })
    if (typeof report === 'string') {
      this.differences.push(`${what}: ${report}`)
      return
    }
    const { codes, violations, lines } = report
    const lie = { codes, violations, lines }
    if (isDeepStrictEqual(lie, real.result)) return
    const told = (result: Result): string => JSON.stringify(result)
    this.differences.push(`${what}:\n  strace: ${told(real.result)}\n  shim:   ${told(lie)}`)
  }

  /** Runs the scenario under strace, which follows the first thread alone. */
  #trace(args: readonly string[]): { calls: string[]; result: Result | undefined } {
    const log = join(this.#folder, 'log')
    const names = [...functionsWithSyscall.map(syscallOf), 'access', 'faccessat2']
    const program = fileURLToPath(new URL('once.js', import.meta.url))
    const command = [process.execPath, program, 'mirror', 'sync', String(this.#seed)]
    const trace = ['-qq', '-o', log, '-e', `trace=${names.join(',')}`, ...args]
    const { status, stdout } = spawnSync('strace', [...trace, ...command], { encoding: 'utf8' })
    const lines = readFileSync(log, 'utf8').split('\n')
    const calls = lines.map((line) => {
      if (line.includes('(INJECTED)')) return 'injected'
      for (const mark of Object.values(Mark)) if (line.includes(`"${mark}"`)) return mark
      return /^\w+/.exec(line)?.[0] ?? ''
    })
    return { calls, result: status === 0 ? (JSON.parse(stdout) as Result) : undefined }
  }
}
