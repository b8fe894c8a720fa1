import { readFileSync } from 'node:fs'

/** Reads how many microseconds of CPU have been used so far. */
type Clock = () => number

/** CPU used between two looks, of the JavaScript thread where the platform can tell. */
export class CpuMeter {
  /** Whose CPU it is. */
  readonly subject: string
  readonly #clock: Clock
  #used: number
  #at: number

  constructor() {
    const [subject, clock] = chooseClock()
    this.subject = subject
    this.#clock = clock
    this.#used = clock()
    this.#at = performance.now()
  }

  /** Percent of one core since the last look. */
  read(): number {
    const used = this.#clock()
    const at = performance.now()
    const percent = (used - this.#used) / 10 / Math.max(1, at - this.#at)
    this.#used = used
    this.#at = at
    return percent
  }
}

function chooseClock(): [subject: string, clock: Clock] {
  // From Node 23.9; the types are those of the oldest Node this runs on.
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage }
  if (threadCpuUsage !== undefined) {
    return ['JS thread', () => total(threadCpuUsage.call(process))]
  }
  try {
    readSchedstat()
    return ['JS thread', readSchedstat]
  } catch {
    return ['process', () => total(process.cpuUsage())]
  }
}

function total(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system
}

/** Linux: the main thread has the number of its process; the first field is nanoseconds on a CPU. */
function readSchedstat(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1')
  return Number(text.split(' ')[0]) / 1000
}
