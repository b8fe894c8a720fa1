/**
 * The examples of doc comments: programs that say, beside what they print, what that is. They are
 * type-checked together, and run one after another.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface DeclaredExample {
  /** Where it stands, as `src/poll.ts:12`. */
  readonly place: string
  readonly code: string
  /** What it says that it prints; `…` stands for what nobody can know. */
  readonly prints: readonly string[]
  /** Whether this system can run it. */
  readonly isForHere: boolean
  /** The program, once it is compiled. */
  readonly program: string
}

const folder = 'build/declared-examples'

function sources(): string[] {
  const inside = readdirSync('src', { recursive: true, encoding: 'utf8' })
  const files = inside.filter((name) => /\.c?ts$/.test(name)).map((name) => join('src', name))
  return ['index.ts', ...files].map((name) => name.replaceAll('\\', '/')).toSorted()
}

function isForHere(code: string): boolean {
  if (code.startsWith('// Not on Windows.')) return process.platform !== 'win32'
  if (code.startsWith('// Windows alone.')) return process.platform === 'win32'
  if (code.startsWith('// Linux alone.')) return process.platform === 'linux'
  return true
}

/** A line that prints, with what is printed. */
const printing = /console\.log\((.*\).*) \/\/ (.*)$/gm

/** Has each line that prints say which one it is: they need not run in the order of the text. */
function numbered(code: string): string {
  let index = 0
  return code.replaceAll(printing, (_, rest: string) => `console.log.call(${index++}, ${rest}`)
}

/** All examples of the package's sources. */
export function declaredExamples(): DeclaredExample[] {
  return sources().flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    return [...text.matchAll(/^ *\* @example\n *\* ```ts\n(.*?)^ *\* ```$/gms)].map((match) => {
      const code = (match[1] as string).replaceAll(/^ *\* ?/gm, '')
      const line = text.slice(0, match.index).split('\n').length
      const prints = [...code.matchAll(printing)].map(([, , out]) => out as string)
      const name = `${file.replaceAll(/[./]/g, '-')}-${line}`
      return {
        place: `${file}:${line}`,
        code,
        prints,
        isForHere: isForHere(code),
        program: resolve(folder, 'out', `${name}.js`),
      }
    })
  })
}

/** Compiles all of them, strictly. Returns what the compiler has to say, by the places of the examples. */
export function compile(examples: readonly DeclaredExample[]): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const places = new Map<string, string>()
  for (const { place, code, program } of examples) {
    const file = program.replace(/.*[/\\](.*)\.js$/, '$1.ts')
    writeFileSync(join(folder, file), `${numbered(code)}\nexport {}\n`)
    places.set(file, place)
  }
  const compilerOptions = {
    composite: false,
    declaration: false,
    incremental: false,
    isolatedModules: false,
    noEmit: false,
    outDir: 'out',
    rootDir: '.',
    // As a program that uses the package.
    skipLibCheck: false,
  }
  const config = { extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '--project', folder, '--pretty', 'false'],
    { encoding: 'utf8' },
  )
  return stdout.replaceAll(/^.*?([\w-]+\.ts)/gm, (line, file: string) => places.get(file) ?? line)
}
