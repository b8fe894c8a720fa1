/**
 * The reference: TypeDoc reads the doc comments and writes a page for each declaration, in folders
 * by kind. Here they become one page for each name, in folders by door, as they are imported:
 * a name that is a type and a value has one page as well.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { join, posix } from 'node:path'
import { generated } from './places.js'
import { write } from './pages.js'

/** What TypeDoc calls the modules: by their files. */
const doors = [
  { module: 'index', door: 'mio-js', specifier: 'mio-js' },
  { module: 'src/engine', door: 'engine', specifier: 'mio-js/engine' },
  { module: 'src/net', door: 'net', specifier: 'mio-js/net' },
  { module: 'src/http', door: 'http', specifier: 'mio-js/http' },
  { module: 'src/register', door: 'register', specifier: 'mio-js/register' },
] as const

/** Folders of TypeDoc's, in the order of a page, and what such a thing is called. */
const kinds = {
  classes: 'Classes',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  functions: 'Functions',
  variables: 'Values',
} as const

type Kind = keyof typeof kinds
type Door = (typeof doors)[number]

/** One file of TypeDoc's. */
interface Part {
  readonly file: string
  readonly door: Door
  /** `https` of `mio-js/http`, say; empty for what is imported by its own name. */
  readonly namespace: string
  /** Undefined: the list of all names of a module or namespace. */
  readonly kind: Kind | undefined
  readonly name: string
}

/** What the sidebar shows: names by door, namespace and kind. */
export interface Entry {
  readonly door: string
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly page: string
}

function partOf(file: string): Part | undefined {
  const door = doors.find(({ module }) => file.startsWith(`${module}/`))
  if (door === undefined) return undefined
  const rest = file.slice(door.module.length + 1)
  const match =
    /^(?:namespaces\/(?<namespace>[^/]+)\/)?(?:(?<kind>[^/]+)\/)?(?<name>[^/]+)\.md$/.exec(rest)
  if (match === null) throw new Error(`the reference has an unknown place: ${file}`)
  const { namespace = '', kind, name = '' } = match.groups ?? {}
  if (kind !== undefined && !(kind in kinds)) throw new Error(`an unknown kind: ${file}`)
  return { file, door, namespace, kind: kind as Kind | undefined, name }
}

function pageOf({ door, namespace, name }: Part): string {
  return posix.join('reference', door.door, namespace, `${name}.md`)
}

/** How it is imported, as the first lines of its page. */
function importOf({ door, namespace, name }: Part, isType: boolean): string {
  const what = namespace === '' ? name : namespace
  const use = namespace === '' ? '' : `\n// ${namespace}.${name}`
  return `\`\`\`ts\nimport ${isType ? 'type ' : ''}{ ${what} } from '${door.specifier}'${use}\n\`\`\`\n`
}

const isType = ({ kind }: Part): boolean => kind === 'interfaces' || kind === 'type-aliases'

/** All parts of one name, as a page. */
function page(parts: readonly Part[], textOf: (part: Part) => string): string {
  const [first] = parts as [Part]
  const { namespace, name, door, kind } = first
  if (kind === undefined) {
    const title = namespace === '' ? door.specifier : `${namespace} of ${door.specifier}`
    return `---\noutline: false\n---\n\n# ${title}\n\n${textOf(first)}`
  }
  const title = namespace === '' ? name : `${namespace}.${name}`
  // The members of what is both stand with the type; the value is how one is made.
  const bodies = parts.map((part, index) =>
    index === 0 ? textOf(part) : `## As a value\n\n${textOf(part).replaceAll(/^##/gm, '###')}`,
  )
  const top = importOf(first, parts.every(isType))
  return `---\noutline: [2, 3]\n---\n\n# ${title}\n\n${top}\n${bodies.join('\n\n')}`
}

/** Writes all pages, and returns what there is. */
export function writeReference(): Entry[] {
  const raw = join(generated, 'typedoc')
  const typedoc = 'docs/node_modules/typedoc/bin/typedoc'
  const args = [typedoc, '--options', 'docs/typedoc.json', '--out', raw, '--logLevel', 'Warn']
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`typedoc ended with ${status}`)

  const parts = readdirSync(raw, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.md'))
    .map(partOf)
    .filter((part) => part !== undefined)
  const places = new Map(parts.map((part) => [part.file, pageOf(part)]))
  const order = Object.keys(kinds)
  const rank = ({ kind }: Part): number => order.indexOf(kind ?? '')
  const pages = new Map<string, Part[]>()
  for (const part of parts.toSorted((a, b) => rank(a) - rank(b))) {
    const path = pageOf(part)
    pages.set(path, [...(pages.get(path) ?? []), part])
  }
  for (const [path, own] of pages) {
    const textOf = ({ file }: Part): string =>
      withLinks(readFileSync(join(raw, file), 'utf8').trim(), (link) => {
        const target = places.get(posix.join(posix.dirname(file), link))
        return target === undefined ? link : posix.relative(posix.dirname(path), target)
      }).replaceAll(/^## Type Declaration\n+(?=## )/gm, '') // with nothing in it
    write(path, `${page(own, textOf)}\n`)
  }
  rmSync(raw, { recursive: true })
  return [...pages.values()].flatMap((own) => {
    const part = own.at(-1) // a value counts as one, whatever else it is
    if (part?.kind === undefined) return []
    const { door, namespace, kind, name } = part
    return [{ door: door.door, namespace, kind: kinds[kind], name, page: pageOf(part) }]
  })
}

/** Links to other pages; documents that comments name as files become some. */
function withLinks(text: string, resolve: (link: string) => string): string {
  return text
    .replaceAll(
      /\]\(([^)#\s]+\.md)(#[^)]*)?\)/g,
      (_, link: string, anchor = '') => `](${resolve(link)}${anchor})`,
    )
    .replaceAll(/\bdocs\/([\w-]+)\.md\b/g, '[docs/$1.md](/$1)')
}
