/**
 * The runtimes that take part, where they are found: each by a variable, on PATH, or in the folder of
 * `npm run tools`. What is missing is named, and why nobody found it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installedTools } from '../../scripts/tools.js'
import { versionOf } from '../machine.js'

export interface Runtime {
  readonly command: string
  readonly version: string
}

export interface Runtimes {
  /** By their major versions. */
  readonly nodes: ReadonlyMap<number, Runtime>
  readonly bun: Runtime | undefined
  readonly deno: Runtime | undefined
  /** Programs in Go, once they are built. */
  readonly go: (Runtime & { readonly programs: ReadonlyMap<string, string> }) | undefined
  /** What was not found, and where it was looked for. */
  readonly missing: readonly { readonly name: string; readonly reason: string }[]
}

export const majors = [20, 24, 26] as const
const goPrograms = ['echo', 'hello'] as const

/** `scratch`: where programs in Go are built. */
export function findRuntimes(scratch: string): Runtimes {
  const missing: { name: string; reason: string }[] = []
  const tools = installedTools()
  const find = (
    name: string,
    variable: string,
    wanted: (version: string) => boolean,
    ...candidates: (string | undefined)[]
  ): Runtime | undefined => {
    const named = process.env[variable]
    for (const command of named === undefined ? candidates : [named]) {
      if (command === undefined || (command.includes('/') && !existsSync(command))) continue
      const version = versionOf(command, '--version')
      if (version !== null && wanted(version)) return { command, version }
    }
    const where = `${variable}=…, PATH, and npm run tools`
    missing.push({ name, reason: named === undefined ? `not in ${where}` : `not ${named}` })
    return undefined
  }
  const tool = (path: string): string | undefined => tools && join(tools, path)
  const nodes = new Map<number, Runtime>()
  for (const major of majors) {
    const found = find(
      `Node ${major}`,
      `NODE${major}`,
      (version) => version.startsWith(`v${major}.`),
      process.execPath,
      `node${major}`,
      tool(`node-${major}/bin/node`),
    )
    if (found !== undefined) nodes.set(major, found)
  }
  const bun = find('Bun', 'BUN', () => true, 'bun', tool('@oven/bun-linux-x64/bin/bun'))
  const deno = find(
    'Deno',
    'DENO',
    (version) => version.startsWith('deno '),
    'deno',
    tool('@deno/linux-x64-glibc/deno'),
  )
  return { nodes, bun, deno, go: buildGo(scratch, missing), missing }
}

function buildGo(scratch: string, missing: { name: string; reason: string }[]): Runtimes['go'] {
  const version = versionOf('go', 'version')
  if (version === null) {
    missing.push({ name: 'Go', reason: 'no go on PATH' })
    return undefined
  }
  const programs = new Map<string, string>()
  for (const name of goPrograms) {
    const program = join(scratch, `${name}-go`)
    const args = ['build', '-o', program, `benchmark/servers/${name}.go`]
    if (spawnSync('go', args, { stdio: ['ignore', 2, 2] }).status === 0) programs.set(name, program)
    else missing.push({ name: `Go (${name}.go)`, reason: 'it does not build' })
  }
  return { command: 'go', version: version.replace('go version go', ''), programs }
}

/** The versions, for the machine. */
export function versionsOf({ nodes, bun, deno, go }: Runtimes): Record<string, string> {
  const named: [string, string | undefined][] = [
    ...[...nodes].map(([major, { version }]): [string, string] => [`node ${major}`, version]),
    ['bun', bun?.version],
    ['deno', deno?.version.replace(/^deno (\S+).*$/, '$1')],
    ['go', go?.version],
  ]
  return Object.fromEntries(
    named.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
