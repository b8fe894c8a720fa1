/**
 * Builds the binary of one platform as it is published, checks it, and puts it into a folder.
 *
 * Linux and FreeBSD are built by zig, from any system; macOS and Windows where their own tools are,
 * with the oldest macOS that Rust supports, and without the runtime of Visual C++, which a clean
 * Windows lacks.
 *
 * usage: npm run build:release -- TARGET [DIR]
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from './cross/compile.js'
import { recipeOf } from './cross/recipes.js'
import { problemsOf } from './inspection.js'
import { binaryName, targets } from './platform-packages.js'

const [triple, directory = 'binaries'] = process.argv.slice(2)
const target = targets().find((one) => one.triple === triple)
if (target === undefined) {
  console.error('usage: npm run build:release -- TARGET [DIR]')
  console.error(
    `targets: ${targets()
      .map((one) => one.triple)
      .join(' ')}`,
  )
  process.exit(2)
}

const { file } = compile(recipeOf(target))
const problems = problemsOf(readFileSync(file), target)
for (const problem of problems) console.error(`${file}: ${problem}`)
if (problems.length > 0) process.exit(1)
mkdirSync(directory, { recursive: true })
copyFileSync(file, join(directory, binaryName(target)))
