/**
 * Publishes the tarballs of a folder: the platforms' packages first and the root last, so that
 * nobody can install a root whose binary is not there yet.
 *
 * It can be repeated after any failure: what the registry has with the same contents is left. All is
 * compared before anything is published; a version that is there with other contents ends it, since
 * no registry takes it twice.
 *
 * usage: npm run publish:release -- DIR [--dry-run] [--provenance] [--registry URL] [--tag TAG]
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readRoot } from './platform-packages.js'
import { readTarball, type Tarball } from './tarball.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    'dry-run': { type: 'boolean', default: false },
    provenance: { type: 'boolean', default: false },
    registry: { type: 'string' },
    tag: { type: 'string' },
  },
})
const [directory] = positionals
if (directory === undefined) {
  console.error(
    'usage: npm run publish:release -- DIR [--dry-run] [--provenance] [--registry URL] [--tag TAG]',
  )
  process.exit(2)
}

const registry = values.registry === undefined ? [] : ['--registry', values.registry]

function npm(args: readonly string[]): { status: number; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('npm', [...args, ...registry], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  return { status: status ?? 1, stdout, stderr }
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

/** All that belongs together, in the order of publishing. */
function readRelease(folder: string): Tarball[] {
  const tarballs = readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .toSorted()
    .map((name) => readTarball(join(folder, name)))
  const root = tarballs.find(({ name }) => name === readRoot().name)
  if (root === undefined) fail(`${folder} has no tarball of ${readRoot().name}`)
  const platforms = tarballs.filter((tarball) => tarball !== root)
  for (const { file, name, version } of platforms) {
    const wanted = root.optionalDependencies[name]
    if (wanted !== version) fail(`${file} is ${name} ${version}; the root names ${wanted}`)
  }
  for (const name of Object.keys(root.optionalDependencies)) {
    if (!platforms.some((one) => one.name === name)) fail(`${folder} has no tarball of ${name}`)
  }
  return [...platforms, root]
}

/** What the registry has of a package in this version, if it has it. */
function publishedIntegrity({ name, version }: Tarball): string | undefined {
  const { status, stdout, stderr } = npm(['view', `${name}@${version}`, 'dist.integrity', '--json'])
  // npm 9 and newer are silent about a version that a known package does not have, or say E404.
  if (status !== 0 && !/E404/.test(stdout + stderr)) fail(`npm view ${name}: ${stderr}`)
  if (status !== 0 || stdout.trim() === '') return undefined
  return JSON.parse(stdout) as string
}

const release = readRelease(directory)
const missing = release.filter((tarball) => {
  const { integrity, name, version } = tarball
  const found = publishedIntegrity(tarball)
  if (found === undefined) return true
  if (found !== integrity) fail(`${name} ${version} is published with other contents: ${found}`)
  console.log(`${name} ${version} is published`)
  return false
})
for (const { file, name, version } of missing) {
  // A version before a release must not become what everybody gets.
  const tag = values.tag ?? (version.includes('-') ? 'next' : 'latest')
  const flags = ['--access', 'public', '--ignore-scripts', '--tag', tag]
  if (values['dry-run']) flags.push('--dry-run')
  if (values.provenance) flags.push('--provenance')
  const { status, stderr } = npm(['publish', file, ...flags])
  if (status !== 0) fail(`npm publish ${name}: ${stderr}`)
  console.log(
    `${name} ${version} ${values['dry-run'] ? 'would be published' : 'published'}: ${tag}`,
  )
}
