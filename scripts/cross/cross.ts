/**
 * Builds the binaries of other platforms on this machine, checks them as a release does, and keeps
 * them: in the cache, with a record of how each was built, for those who run them; and those of
 * packages in `binaries/`, where `npm run pack:release` takes them from. What this machine cannot build is
 * named, with the reason.
 *
 * usage: npm run cross -- all|TARGET… [--rust any|debian]
 *        a target is a platform or a triple; `--rust debian` builds as a machine without rustup does
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { problemsOf } from '../inspection.js'
import { binaryName } from '../platform-packages.js'
import { compile } from './compile.js'
import { obstacleTo, type Recipe, recipes } from './recipes.js'
import { forget, keep } from './record.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rust: { type: 'string', default: 'any' } },
})
const source = values.rust
const all = recipes()
const isNamed = ({ target }: Recipe): boolean =>
  positionals.some((name) => ['all', target.tuple, target.triple].includes(name))
const unknown = positionals.filter(
  (name) =>
    name !== 'all' && !all.some(({ target }) => [target.tuple, target.triple].includes(name)),
)
if (positionals.length === 0 || unknown.length > 0 || (source !== 'any' && source !== 'debian')) {
  console.error('usage: npm run cross -- all|TARGET… [--rust any|debian]')
  console.error(`targets: ${all.map(({ target }) => target.tuple).join(' ')}`)
  process.exit(2)
}

/** Builds one, and says in one line what came of it. */
function build(recipe: Recipe, from: 'any' | 'debian'): string {
  const begin = performance.now()
  const compiled = compile(recipe, from)
  const problems = problemsOf(readFileSync(compiled.file), recipe.target)
  if (problems.length > 0) throw new Error(problems.join(', '))
  const { floor, library, size } = keep(recipe, compiled)
  if (!recipe.isStandIn) {
    mkdirSync('binaries', { recursive: true })
    copyFileSync(compiled.file, join('binaries', binaryName(recipe.target)))
  }
  const seconds = Math.round((performance.now() - begin) / 1000)
  return `built in ${seconds} s: ${size} bytes, ${floor}; standard library: ${library}`
}

const lines: string[] = []
for (const recipe of all.filter((one) => isNamed(one))) {
  const { tuple } = recipe.target
  const obstacle = obstacleTo(recipe)
  if (obstacle !== undefined) {
    lines.push(`${tuple} skipped: ${obstacle}`)
    continue
  }
  console.error(`== ${tuple}`)
  try {
    lines.push(`${tuple} ${build(recipe, source)}`)
  } catch (error) {
    forget(recipe)
    lines.push(`${tuple} failed: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
console.log(lines.join('\n'))
