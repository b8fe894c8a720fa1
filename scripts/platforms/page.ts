/** The tables of `docs/platforms.md` and the README, which stand there between marks; the rest is written by hand. */
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { testedAs } from '../cross/recipes.js'
import { type Target, targets } from '../platform-packages.js'
import { differences } from './differences.js'
import type { RunRecord } from './record.js'
import type { Suite } from './runner.js'
import type { Binary, Summary } from './summary.js'

/** The files, and which tables each has. */
const files = {
  'README.md': ['tiers'],
  'docs/platforms.md': ['platforms', 'runs', 'differences'],
} as const

export interface Platform {
  readonly target: Target
  readonly binary: Binary | undefined
  readonly isStandIn: boolean
  readonly runs: readonly RunRecord[]
}

function platformsOf({ binaries, runs }: Summary): Platform[] {
  return targets().map((target) => {
    const { tuple } = target
    const built = testedAs(tuple)
    return {
      target,
      binary: binaries.find((binary) => binary.tuple === built),
      isStandIn: built !== tuple,
      runs: runs.filter((run) => run.tuple === tuple),
    }
  })
}

const needed: readonly Suite[] = ['mirror', 'engine', 'net']

/** See the page for what the tiers mean. */
export function tierOf({ isStandIn, runs }: Platform): 1 | 2 | 3 {
  if (runs.length === 0 || runs.some(({ failed, passed }) => failed > 0 || passed === 0)) return 3
  const isWhole = ({ emulator, suites }: RunRecord): boolean =>
    emulator === null && needed.every((suite) => suites.includes(suite))
  return !isStandIn && runs.some((run) => isWhole(run)) ? 1 : 2
}

type Row = readonly (string | number)[]

function table(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function sizeOf({ size }: Binary): string {
  return `${Math.round(size / 1000)} kB`
}

function where({ emulator, runtime }: RunRecord): string {
  return emulator === null ? runtime : `${runtime} (${emulator})`
}

function platformTable(platforms: readonly Platform[]): string {
  const rows = platforms.map((platform): Row => {
    const { binary, isStandIn, runs, target } = platform
    const { tuple } = target
    const built = binary === undefined ? 'not here' : binary.linker
    const name =
      isStandIn && binary !== undefined ? `\`${tuple}\` (as \`${binary.tuple}\`)` : `\`${tuple}\``
    const problems = binary?.problems.join(', ') ?? ''
    return [
      name,
      tierOf(platform),
      problems === '' || isStandIn ? built : `${built}; ${problems}`,
      binary === undefined ? '' : sizeOf(binary),
      binary?.floor ?? '',
      runs.map((run) => where(run)).join('<br>') || 'not run here',
    ]
  })
  return table(['platform', 'tier', 'linked by', 'size', 'needs', 'run in'], rows)
}

function runTable(platforms: readonly Platform[]): string {
  const rows = platforms.flatMap(({ runs }) =>
    runs.map((run): Row => {
      const { date, failed, passed, skipped, suites, tuple } = run
      const what = suites.length > 5 ? 'all' : suites.join(', ')
      return [`\`${tuple}\``, where(run), what, passed, failed, skipped, date.slice(0, 10)]
    }),
  )
  return table(['binary', 'runtime', 'tests', 'passed', 'failed', 'left out', 'on'], rows)
}

function differenceTable(): string {
  const rows = differences.map(({ runners, spec, titles, why }): Row => {
    const what = titles === undefined ? 'all' : titles.length
    return [runners.join(', '), `\`${spec}\``, what, why]
  })
  return table(['runner', 'spec', 'tests', 'why'], rows)
}

const systems: Record<string, string> = {
  darwin: 'macOS',
  freebsd: 'FreeBSD',
  linux: 'Linux',
  win32: 'Windows',
}
const processors: Record<string, string> = { arm: 'armv7', ppc64: 'ppc64le' }

/** Platforms in words: `Linux x64, arm64 (musl); macOS x64`. */
function inWords(platforms: readonly Platform[]): string {
  const bySystem = new Map<string, string[]>()
  for (const { target } of platforms) {
    const { cpu, libc, os } = target
    const name = `${systems[os]} ${libc ?? ''}`
    bySystem.set(name, [...(bySystem.get(name) ?? []), processors[cpu] ?? cpu])
  }
  const words = [...bySystem].map(([name, cpus]) => {
    const [system, libc = ''] = name.split(' ')
    return `${system} ${cpus.join(', ')}${libc === '' ? '' : ` (${libc})`}`
  })
  return words.join('; ')
}

function tierTable(platforms: readonly Platform[]): string {
  const meanings = [
    'all tests on the processor itself',
    'tests under an emulator',
    'linked and inspected',
  ]
  const rows = meanings.flatMap((meaning, index) => {
    const tier = platforms.filter((platform) => tierOf(platform) === index + 1)
    return tier.length === 0 ? [] : [[index + 1, meaning, inWords(tier)]]
  })
  return table(['tier', 'what its binary went through', 'platforms'], rows)
}

/** The files with their tables made anew: their names, and what is in them. */
export async function pagesOf(summary: Summary): Promise<Map<string, string>> {
  const platforms = platformsOf(summary)
  const tables = {
    tiers: tierTable(platforms),
    platforms: platformTable(platforms),
    runs: runTable(platforms),
    differences: differenceTable(),
  }
  const pages = new Map<string, string>()
  for (const [file, names] of Object.entries(files)) {
    let text = readFileSync(file, 'utf8')
    for (const name of names) {
      const marks = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end of ${name} -->)`)
      if (!marks.test(text)) throw new Error(`${file} has no marks for the table of ${name}`)
      text = text.replace(marks, (_, begin, end) => `${begin}\n\n${tables[name]}\n\n${end}`)
    }
    const options = await resolveConfig(file)
    pages.set(file, await format(text, { ...options, parser: 'markdown' }))
  }
  return pages
}

export async function writePages(summary: Summary): Promise<void> {
  for (const [file, text] of await pagesOf(summary)) writeFileSync(file, text)
}
