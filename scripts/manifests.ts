/**
 * Writes what follows from package.json: the manifests and READMEs of the platforms' packages, and
 * the version, wherever else it stands.
 *
 * usage: npm run manifests
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { derivedFiles, targets } from './platform-packages.js'

mkdirSync('npm', { recursive: true })
const tuples = new Set(targets().map(({ tuple }) => tuple))
for (const name of readdirSync('npm')) {
  if (!tuples.has(name)) rmSync(`npm/${name}`, { recursive: true })
}
for (const [file, contents] of derivedFiles()) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, contents)
}
