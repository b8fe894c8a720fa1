/**
 * Writes what a release is made of, as CycloneDX: `mio-js.npm.cdx.json` for the package, which has no
 * dependencies but its own binaries, and `mio-js.rust.cdx.json` for the crates inside of these.
 *
 * usage: npm run sbom -- DIR
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cargoTool } from './cargo-tools.js'
import { readRoot, rootManifest, toJson } from './platform-packages.js'

/** What npm says of the manifest that is published. */
function ofNpm(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-sbom-'))
  try {
    const manifest = rootManifest(readRoot())
    // It calls the package by its folder.
    const stage = join(folder, String(manifest['name']))
    mkdirSync(stage)
    writeFileSync(join(stage, 'package.json'), toJson(manifest))
    writeFileSync(join(stage, 'package-lock.json'), toJson(lockOf(manifest)))
    const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library']
    const { status, stdout, stderr } = spawnSync('npm', args, {
      cwd: stage,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    if (status !== 0) throw new Error(`npm sbom: ${stderr}`)
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly optionalDependencies?: Record<string, string>
}

/** A lock file of it, although what it names is not published yet. */
function lockOf(manifest: object): object {
  const { name, version, optionalDependencies = {} } = manifest as Manifest
  const packages: Record<string, object> = { '': manifest }
  for (const [each, wanted] of Object.entries(optionalDependencies)) {
    packages[`node_modules/${each}`] = { version: wanted, license: 'MIT', optional: true }
  }
  return { name, version, lockfileVersion: 3, requires: true, packages }
}

/** What no binary has inside: what tests of interleavings need, and a system without a package. */
const outside = new Set(['loom', 'wasi'])

interface Bom {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } }
  components: { readonly name: string; readonly 'bom-ref': string }[]
  dependencies: { readonly ref: string; dependsOn?: string[] }[]
}

/** Leaves what can be reached from the crate without what is outside. */
function pruned(bom: Bom): Bom {
  const cut = new Set(
    bom.components.filter(({ name }) => outside.has(name)).map((each) => each['bom-ref']),
  )
  const all = new Map(bom.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]))
  const reached = new Set([bom.metadata.component['bom-ref']])
  for (const ref of reached) {
    for (const next of all.get(ref) ?? []) if (!cut.has(next)) reached.add(next)
  }
  return {
    ...bom,
    components: bom.components.filter((component) => reached.has(component['bom-ref'])),
    dependencies: bom.dependencies
      .filter(({ ref }) => reached.has(ref))
      .map(({ ref, dependsOn = [] }) => ({
        ref,
        dependsOn: dependsOn.filter((next) => reached.has(next)),
      })),
  }
}

/** What Cargo has of the crate that becomes the binary, for all targets. */
function ofRust(): string {
  const crate = 'crates/binding'
  const name = 'mio-js.rust.cdx'
  const args = ['cyclonedx', '--manifest-path', `${crate}/Cargo.toml`, '--format', 'json']
  const { status } = spawnSync(
    cargoTool('cargo-cyclonedx'),
    [...args, '--spec-version', '1.5', '--target', 'all', '--override-filename', name],
    { stdio: ['ignore', 2, 2] },
  )
  // It writes one for each member of the workspace, beside its manifest.
  const made = [crate, 'crates/core', 'benchmark/native'].map((each) => join(each, `${name}.json`))
  try {
    if (status !== 0) throw new Error(`cargo cyclonedx ended with ${status}`)
    // Where the repository is on this machine is nobody's business.
    const text = readFileSync(made[0]!, 'utf8').replaceAll(pathToFileURL('.').href, 'file://.')
    return toJson(pruned(JSON.parse(text) as Bom))
  } finally {
    for (const file of made) rmSync(file, { force: true })
  }
}

const [, , folder] = process.argv
if (folder === undefined) throw new Error('usage: npm run sbom -- DIR')
const destination = resolve(folder)
mkdirSync(destination, { recursive: true })
writeFileSync(join(destination, 'mio-js.npm.cdx.json'), ofNpm())
writeFileSync(join(destination, 'mio-js.rust.cdx.json'), ofRust())
console.log(destination)
