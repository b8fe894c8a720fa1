/**
 * A control group that bounds the memory of what runs in it: of version 1 or 2, whichever has the
 * controller. Only root may make one.
 */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Files {
  readonly folder: string
  readonly limit: string
  /** The most that was used, in bytes. */
  readonly peak: string
  /** Where the number of processes stands that were killed for want of memory. */
  readonly events: string
}

export class MemoryGroup {
  readonly #files: Files

  private constructor(files: Files) {
    this.#files = files
  }

  /** One with so many bytes. @throws if this system, or this user, has no such groups. */
  static make(limit: number): MemoryGroup {
    const files = whichFiles()
    mkdirSync(files.folder)
    try {
      writeFileSync(files.limit, String(limit))
    } catch (error) {
      rmdirSync(files.folder)
      throw error
    }
    return new MemoryGroup(files)
  }

  /** A command that runs another one in the group. */
  get prefix(): readonly string[] {
    const enter = `echo $$ > ${join(this.#files.folder, 'cgroup.procs')} && exec "$@"`
    return ['sh', '-c', enter, 'sh']
  }

  get peak(): number {
    return Number(readFileSync(this.#files.peak, 'utf8'))
  }

  /** Processes that were killed. */
  get killed(): number {
    return Number(/oom_kill (\d+)/.exec(readFileSync(this.#files.events, 'utf8'))?.[1])
  }

  /** When nothing runs in it any more. */
  remove(): void {
    rmdirSync(this.#files.folder)
  }
}

let made = 0

/** Of the group that this process is in, a new one below. */
function whichFiles(): Files {
  made += 1
  const name = `mio-js-${process.pid}-${made}`
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  const first = lines.map((line) => line.split(':')).find(([, kinds]) => kinds === 'memory')
  if (first !== undefined) {
    const folder = join('/sys/fs/cgroup/memory', first[2]!, name)
    return {
      folder,
      limit: join(folder, 'memory.limit_in_bytes'),
      peak: join(folder, 'memory.max_usage_in_bytes'),
      events: join(folder, 'memory.oom_control'),
    }
  }
  const second = lines.find((line) => line.startsWith('0::'))
  const folder = join('/sys/fs/cgroup', second?.slice(3) ?? '', name)
  return {
    folder,
    limit: join(folder, 'memory.max'),
    peak: join(folder, 'memory.peak'),
    events: join(folder, 'memory.events'),
  }
}

/** Why no such group can be made; undefined if it can. */
export function whyNoGroup(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has control groups'
  try {
    MemoryGroup.make(2 ** 28).remove()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
