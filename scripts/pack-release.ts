/**
 * Packs a release: every platform's package, with its binary out of a folder, and the root. A binary
 * that is missing, or that would not load where it is installed, ends it before anything is packed.
 *
 * usage: npm run pack:release -- BINARIES DIR [TAG]     a tag must name the version
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problemsOf } from './inspection.js'
import { packPlatform, packRoot } from './pack.js'
import { binaryName, readRoot, type Target, targets } from './platform-packages.js'

const [binaries, directory, tag] = process.argv.slice(2)
if (binaries === undefined || directory === undefined) {
  console.error('usage: npm run pack:release -- BINARIES DIR [TAG]')
  process.exit(2)
}
const { version } = readRoot()
if (tag !== undefined && tag !== `v${version}`) {
  console.error(`the tag ${tag} is not that of ${version}`)
  process.exit(1)
}
const fileOf = (target: Target): string => join(binaries, binaryName(target))
const problems = targets().flatMap((target) => {
  const file = fileOf(target)
  const found = existsSync(file) ? problemsOf(readFileSync(file), target) : ['is missing']
  return found.map((problem) => `${file}: ${problem}`)
})
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
for (const target of targets()) console.log(packPlatform(directory, target, fileOf(target)))
console.log(packRoot(directory))
