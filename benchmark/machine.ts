/** Where and with what a figure was measured: without it a figure says nothing. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'

/** The first line that a command prints, or `null` if there is no such command. */
export function versionOf(command: string, ...args: string[]): string | null {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? (stdout.trim().split('\n')[0] ?? null) : null
}

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memory: string
  readonly kernel: string
  readonly versions: Readonly<Record<string, string>>
}

export function machine(versions: Readonly<Record<string, string>> = {}): Machine {
  const { version } = createRequire(import.meta.url)('mio-js/package.json') as { version: string }
  const rustc = versionOf('rustc', '--version')
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `${type()} ${release()}`,
    versions: {
      'mio-js': version,
      node: process.version,
      ...(rustc === null ? {} : { rustc: rustc.replace('rustc ', '') }),
      ...versions,
    },
  }
}

export function describe({ date, cpu, cores, memory, kernel, versions }: Machine): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date} · ${cpu}, ${cores} cores, ${memory} · ${kernel} · ${list.join(' · ')}`
}
