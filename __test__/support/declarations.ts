/** What the package exports, as the compiler sees it: names, members and their doc comments. */
import path from 'node:path'
import {
  API,
  type Checker,
  type Program,
  type Symbol as TypeSymbol,
  SymbolFlags,
} from 'typescript/unstable/sync'

export interface Declared {
  /** The name, or `Class#member`. */
  readonly name: string
  readonly doc: string
  /** The type as it is written. */
  readonly type: string
  /** Of a member: what it is a member of. */
  readonly owner: string | undefined
}

/** The modules that `exports` of package.json names. */
const doors = ['index', 'src/engine/index', 'src/net/index', 'src/http/index', 'src/register']

const root = process.cwd()

/** Everything that the package exports and has declared itself; what it passes on from Node is Node's. */
export function declarations(): Declared[] {
  const api = new API({ cwd: root })
  try {
    const config = path.resolve('tsconfig.lib.json')
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (project === undefined) throw new Error(`${config} is no project`)
    return new Reader(project.program, project.checker).read()
  } finally {
    api.close()
  }
}

class Reader {
  readonly #program: Program
  readonly #checker: Checker
  readonly #seen = new Set<number>()
  readonly #found: Declared[] = []

  constructor(program: Program, checker: Checker) {
    this.#program = program
    this.#checker = checker
  }

  read(): Declared[] {
    for (const door of doors) {
      const file = this.#program.getSourceFile(path.resolve(`${door}.ts`))
      const module = file && this.#checker.getSymbolAtLocation(file)
      // A preload exports nothing.
      if (module !== undefined) this.#readModule(module)
    }
    return this.#found
  }

  #readModule(module: TypeSymbol): void {
    for (const exported of this.#checker.getExportsOfModule(module)) this.#readExport(exported)
  }

  #readExport(exported: TypeSymbol): void {
    const isAlias = (exported.flags & SymbolFlags.Alias) !== 0
    const symbol = isAlias ? this.#checker.getAliasedSymbol(exported) : exported
    if (!isOurs(symbol) || this.#isSeen(symbol)) return
    if ((symbol.flags & SymbolFlags.ValueModule) !== 0) {
      this.#readModule(symbol)
      return
    }
    const { name } = exported
    this.#add(name, symbol, undefined)
    if ((symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface)) !== 0) {
      for (const members of [symbol.getMembers(), symbol.getExports()]) {
        for (const member of members.values()) this.#readMember(member, name)
      }
    }
    if ((symbol.flags & SymbolFlags.TypeAlias) !== 0) {
      const type = this.#checker.getDeclaredTypeOfSymbol(symbol)
      const members = this.#checker.getPropertiesOfType(type)
      for (const member of members) this.#readMember(member, name)
    }
  }

  #readMember(member: TypeSymbol, owner: string): void {
    const isParameter = (member.flags & SymbolFlags.TypeParameter) !== 0
    // Private ones, constructors, and what well-known symbols name, which is what they always are.
    const isHidden =
      /^(?:#|_|constructor$|prototype$)/.test(member.name) || member.name.includes('@')
    if (isParameter || isHidden || !isOurs(member) || this.#isSeen(member)) return
    if (this.#tagsOf(member).includes('internal')) return
    this.#add(`${owner}#${member.name}`, member, owner)
  }

  #add(name: string, symbol: TypeSymbol, owner: string | undefined): void {
    const tags = this.#checker.getJsDocTagsOfSymbol(symbol)
    const text = tags.map((tag) => `@${tag.name} ${JSON.stringify(tag)}`).join('\n')
    const doc = `${this.#checker.getDocumentationCommentOfSymbol(symbol)}\n${text}`.trim()
    const type = this.#checker.getTypeOfSymbol(symbol)
    const written = type === undefined ? '' : this.#checker.typeToString(type)
    this.#found.push({ name, doc, type: written, owner })
  }

  #tagsOf(symbol: TypeSymbol): string[] {
    return this.#checker.getJsDocTagsOfSymbol(symbol).map(({ name }) => name)
  }

  #isSeen({ id }: TypeSymbol): boolean {
    const isSeen = this.#seen.has(id)
    this.#seen.add(id)
    return isSeen
  }
}

function isOurs({ declarations: places }: TypeSymbol): boolean {
  return places.some((place) => {
    const file = path.relative(root, String(place.path))
    return file === 'index.ts' || file.startsWith(`src${path.sep}`)
  })
}
