/** What the system lets this process have. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'

/** `undefined` for what this system does not tell, `Infinity` for no limit. */
export interface Limits {
  /** Descriptors that this process may have open; Node raises the soft limit to the hard one. */
  readonly descriptors: { readonly soft: number; readonly hard: number } | undefined
  /** Connections that may wait to be accepted, at most: `net.core.somaxconn` of Linux. */
  readonly backlog: number | undefined
  /** Processors of the machine. */
  readonly cores: number
  /** Those that this process may run on. */
  readonly available: number
  /** What its group of processes gets of them (cgroup). */
  readonly quota: number | undefined
  /** Bytes that its group may use (cgroup). */
  readonly memory: number | undefined
}

export function limits(): Limits {
  return {
    descriptors: descriptors(),
    backlog: backlog(),
    cores: cpus().length,
    available: availableParallelism(),
    ...groupLimits('/'),
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

function numberOf(text: string | undefined): number | undefined {
  if (text === 'unlimited' || text === 'max') return Infinity
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

function descriptors(): Limits['descriptors'] {
  const line = /^Max open files +(\S+) +(\S+)/m.exec(read('/proc/self/limits') ?? '')
  const [soft, hard] = line === null ? reported() : [line[1], line[2]]
  const known = { soft: numberOf(soft), hard: numberOf(hard) }
  return known.soft === undefined || known.hard === undefined
    ? undefined
    : { soft: known.soft, hard: known.hard }
}

interface Report {
  readonly userLimits?: { readonly open_files?: { soft: string | number; hard: string | number } }
}

/** By the diagnostic report, which has it on every Unix. */
function reported(): [soft: string | undefined, hard: string | undefined] {
  if (process.platform === 'win32') return [undefined, undefined]
  // With network interfaces it may look names up, which takes seconds. Newer than the types.
  const report = process.report as
    (typeof process.report & { excludeNetwork?: boolean }) | undefined
  if (report === undefined) return [undefined, undefined]
  const before = report.excludeNetwork
  report.excludeNetwork = true
  try {
    const files = (report.getReport() as Report).userLimits?.open_files
    return files === undefined ? [undefined, undefined] : [String(files.soft), String(files.hard)]
  } finally {
    report.excludeNetwork = before ?? false
  }
}

const sysctls: Readonly<Record<string, string>> = {
  darwin: 'kern.ipc.somaxconn',
  freebsd: 'kern.ipc.soacceptqueue',
}

function backlog(): number | undefined {
  const name = sysctls[process.platform]
  if (name === undefined) return numberOf(read('/proc/sys/net/core/somaxconn'))
  try {
    return numberOf(execFileSync('sysctl', ['-n', name], { encoding: 'utf8' }).trim())
  } catch {
    return undefined
  }
}

/** The least of what the groups allow that this process is in. `root`: where the system's files are. */
export function groupLimits(root: string): Pick<Limits, 'quota' | 'memory'> {
  const lines = read(join(root, 'proc/self/cgroup'))?.split('\n') ?? []
  const least = (controller: string, of: (folder: string) => number | undefined) =>
    finite(Math.min(...foldersOf(root, lines, controller).map((folder) => of(folder) ?? Infinity)))
  return { quota: least('cpu', quotaOf), memory: least('memory', memoryOf) }
}

/** The folders of the groups, from the process's own to the root, in either version of cgroups. */
function foldersOf(root: string, lines: readonly string[], controller: string): string[] {
  const parts = lines.map((line) => line.split(':'))
  const old = parts.find(([, names = '']) => names.split(',').includes(controller))
  const unified = parts.find(([id, names]) => id === '0' && names === '')
  const path = (old ?? unified)?.slice(2).join(':')
  if (path === undefined) return []
  const tree = join(root, 'sys/fs/cgroup', old === undefined ? '' : controller)
  const groups = [path]
  while (groups.at(-1) !== '/' && groups.length < 64) groups.push(dirname(groups.at(-1) ?? '/'))
  return groups.map((group) => join(tree, group))
}

/** Processors, as a fraction of the period: `150000 100000` are one and a half. */
function quotaOf(folder: string): number | undefined {
  const [quota, period] = read(join(folder, 'cpu.max'))?.split(' ').map(numberOf) ?? [
    numberOf(read(join(folder, 'cpu.cfs_quota_us'))),
    numberOf(read(join(folder, 'cpu.cfs_period_us'))),
  ]
  return quota === undefined || period === undefined ? undefined : quota / period
}

function memoryOf(folder: string): number | undefined {
  return numberOf(read(join(folder, 'memory.max')) ?? read(join(folder, 'memory.limit_in_bytes')))
}

/** What was as good as no limit is none: the old version knows a largest number of pages alone. */
function finite(value: number): number | undefined {
  return value < 2 ** 60 ? value : undefined
}
