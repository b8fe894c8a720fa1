/**
 * The table of docs/faults.md: which test covers which fault. The table names tests as they stand in
 * the sources, with `…` for what a title is given at run time; what ran is told by the runners.
 */
import { readFileSync } from 'node:fs'

/** A test that the table names. */
export interface Named {
  /** The command of package.json that runs it. */
  readonly command: string
  /** A spec below `__test__`, a file of Rust below `crates`, or the file of what is no such test. */
  readonly file: string
  /** Absent if the file is all one test. */
  readonly title: string | undefined
}

export interface Fault {
  readonly number: number
  readonly what: string
  readonly outcome: string
  readonly tests: readonly Named[]
}

/** The rows of the table. What is no row of it is left out. */
export function readTable(page = readFileSync('docs/faults.md', 'utf8')): Fault[] {
  return page
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => /^\d+$/.test(cells[1] ?? ''))
    .map(([, number = '', what = '', outcome = '', covered = '']) => ({
      number: Number(number),
      what,
      outcome,
      tests: covered.split('<br>').map((item) => namedIn(item.trim())),
    }))
}

/** `file` › title, or `npm run command`: `file` › title. */
function namedIn(item: string): Named {
  const pattern = /^(?:`npm run ([\w:]+)`: )?`([\w./-]+)`(?: › (.+))?$/
  const [, command = 'test', file, title] = pattern.exec(item) ?? []
  if (file === undefined) throw new Error(`no test is named by ${item}`)
  return { command, file, title: title?.replaceAll(/\\([_|])/g, '$1') }
}

const isRust = ({ file }: Named): boolean => file.endsWith('.rs')

/** The path of the file in which a test stands. */
export function pathOf(named: Named): string {
  if (/^(?:scripts|fuzz)\//.test(named.file)) return named.file
  return isRust(named) ? `crates/${named.file}` : `__test__/${named.file}.spec.ts`
}

/** Folders of specs that have a command of their own. */
const apart: Readonly<Record<string, string>> = {
  packages: 'test:registry',
  wasi: 'test:wasi',
  network: 'test:network',
  overload: 'test:overload',
}

/** The command that runs the tests of a file; those of `test:large` are in `test` as well, but for its own. */
export function commandOf(file: string): string {
  if (file === 'core/tests/handover.rs') return 'test:loom'
  if (file.startsWith('large/')) return 'test:large'
  return apart[file.split('/', 1)[0] ?? ''] ?? 'test'
}

/** Whether a source has a test of this title. */
export function isIn(source: string, named: Named): boolean {
  if (named.title === undefined) return source !== ''
  if (isRust(named)) return new RegExp(`#\\[test\\][^}]*?fn ${named.title}\\(`).test(source)
  const literals = source.matchAll(/(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1/g)
  return [...literals].some(([, , text]) => text?.replaceAll(/\$\{[^}]*\}/g, '…') === named.title)
}

/** What the runners said of one test. */
type Said = 'ran' | 'skipped'

/** What the runners of `npm test` said. */
export class Log {
  /** By name, as the runner has it. */
  readonly #said = new Map<string, Said>()

  /** A line of TAP: `ok 3 - engine › write › title`. */
  readTap(line: string): void {
    const [, name, skip] = /^(?:not )?ok \d+ - (.+?)( # SKIP)?$/.exec(line) ?? []
    if (name !== undefined) this.#say(name, skip === undefined ? 'ran' : 'skipped')
  }

  /** A line of Cargo's: `test module::title ... ok`. */
  readCargo(line: string): void {
    const [, name, how] = /^test (?:\w+::)*(\w+) (?:- should panic )?\.\.\. (\w+)/.exec(line) ?? []
    if (name !== undefined) this.#say(`rust ${name}`, how === 'ignored' ? 'skipped' : 'ran')
  }

  #say(name: string, said: Said): void {
    if (this.#said.get(name) !== 'ran') this.#said.set(name, said)
  }

  /** What became of a test of the table; undefined if nobody has heard of it. */
  find(named: Named): Said | undefined {
    const pattern = new RegExp(`^${nameOf(named)}$`)
    const found = [...this.#said].filter(([name]) => pattern.test(name)).map(([, said]) => said)
    return found.includes('ran') ? 'ran' : found[0]
  }
}

/** The names that a runner gives to a test, as a pattern. */
function nameOf(named: Named): string {
  const { file, title = '' } = named
  if (isRust(named)) return `rust ${title}`
  // Those of engines run under each driver; those that need something say so behind their title.
  return `${escape(file.replaceAll('/', ' › '))} › (?:\\w+: )?${patternOf(title)}(?: \\(.+\\))?`
}

function patternOf(title: string): string {
  return title.split('…').map(escape).join('.+')
}

function escape(text: string): string {
  return text.replaceAll(/[.+*?^${}()|[\]\\]/g, String.raw`\$&`)
}

function distinct(faults: readonly Fault[]): Named[] {
  const all = faults.flatMap(({ tests }) => tests)
  return [...new Map(all.map((named) => [JSON.stringify(named), named])).values()]
}

/**
 * Prints what `npm test` ran of the table, and returns how much of it is amiss: tests that did not run
 * at all, and in CI faults of which every test was skipped.
 */
export function report(faults: readonly Fault[], log: Log): number {
  const all = distinct(faults)
    .filter(({ command }) => command === 'test')
    .map((named) => ({ named, said: log.find(named) }))
  const ran = all.filter(({ said }) => said === 'ran')
  console.log(`# docs/faults.md: ${faults.length} faults, ${ran.length} of ${all.length} tests ran`)
  for (const { named, said } of all) {
    if (said !== 'ran') console.log(`# ${said ?? 'missing'}: ${named.file} › ${named.title}`)
  }
  // Elsewhere much does not exist that Linux has.
  if (process.platform !== 'linux') return 0
  const isSkipped = ({ tests }: Fault): boolean => {
    const here = tests.filter(({ command }) => command === 'test')
    return here.length > 0 && here.every((named) => log.find(named) === 'skipped')
  }
  const skipped = process.env['CI'] === 'true' ? faults.filter(isSkipped) : []
  for (const { number, what } of skipped) console.log(`# skipped altogether: ${number}, ${what}`)
  return all.filter(({ said }) => said === undefined).length + skipped.length
}

/** What commands printed, one after the other, by their names: npm says which it runs. */
export function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>()
  for (const section of text.split(/^> mio-js@\S+ /m).slice(1)) {
    const name = /^[\w:-]+/.exec(section)?.[0] ?? ''
    sections.set(name, (sections.get(name) ?? '') + section)
  }
  return sections
}

/** The tests that these commands should have run, as the table says, and did not. */
export function missingIn(
  faults: readonly Fault[],
  sections: ReadonlyMap<string, string>,
): { asked: readonly Named[]; missing: readonly Named[] } {
  const asked = distinct(faults).filter(
    ({ command }) => command !== 'test' && sections.has(command),
  )
  const missing = asked.filter(({ command, file, title }) => {
    // A scenario has the name of its file.
    const name = title ?? file.replace(/^.*\//, '').replace(/\.\w+$/, '')
    return !new RegExp(String.raw`\b${patternOf(name)}`).test(sections.get(command) ?? '')
  })
  return { asked, missing }
}
