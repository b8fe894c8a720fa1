/** What this package brings along, and what it could be made to run. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import test from 'ava'
import {
  platformManifest,
  readRoot,
  rootManifest,
  targets,
} from '../../scripts/platform-packages.js'
import '../support/census.js'

interface Manifest {
  readonly scripts?: Record<string, string>
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly bundleDependencies?: unknown
  readonly bundledDependencies?: unknown
  readonly optionalDependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly gypfile?: boolean
}

const root = readRoot() as unknown as Manifest

/** What npm runs by itself when somebody installs a package. */
const installing = new Set([
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
])

function* filesOf(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesOf(path)
    else yield path.replaceAll('\\', '/')
  }
}

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

test('no package runs a script when it is installed', (t) => {
  const published = targets(readRoot()).map((target) => platformManifest(readRoot(), target))
  for (const manifest of [root, rootManifest(readRoot()), ...published] as Manifest[]) {
    const names = Object.keys(manifest.scripts ?? {})
    t.deepEqual(
      names.filter((name) => installing.has(name)),
      [],
    )
    t.not(manifest.gypfile, true)
  }
  // npm compiles where such a file is, without being told.
  t.false(existsSync('binding.gyp'))
})

test('nothing is installed with the package but its own binaries', (t) => {
  const published = rootManifest(readRoot()) as Manifest
  for (const manifest of [root, published]) {
    for (const field of [
      'dependencies',
      'peerDependencies',
      'bundleDependencies',
      'bundledDependencies',
    ] as const) {
      t.is(manifest[field], undefined, field)
    }
  }
  const names = Object.keys(published.optionalDependencies ?? {})
  t.true(names.length > 0)
  for (const name of names) t.regex(name, /^@mio-js\/binding-/)
})

test('what is published imports modules of Node, and its own, alone', (t) => {
  let count = 0
  const builtin = new Set(builtinModules.map((name) => `node:${name}`))
  for (const file of ['index.ts', ...filesOf('src')]) {
    // Examples in comments import it as programs do.
    const code = read(file).replaceAll(/^\s*\*.*$/gm, '')
    for (const [, name = ''] of code.matchAll(
      /(?:\bfrom |\bimport \(?|\bimport\(|\brequire\()'([^'\n]+)'/g,
    )) {
      const isKnown = name.startsWith('.') || name.startsWith('#src/') || builtin.has(name)
      t.true(isKnown, `${file} imports ${name}`)
      count += 1
    }
  }
  t.true(count > 300, `${count} imports`)
})

test('the environment is asked for nothing but what the documentation names, and not by the loader', (t) => {
  const asked = new Set<string>()
  for (const file of filesOf('src')) {
    const source = read(file)
    // The command asks the terminal's as well.
    if (file.startsWith('src/cli/')) continue
    for (const [, name = ''] of source.matchAll(/\benv(?:\?\.|\.)?\[?'?([A-Z_]+)/g)) asked.add(name)
    if (/loader|binding|platform/.test(file)) t.false(/process\.env|Deno\.env/.test(source), file)
  }
  t.deepEqual([...asked].toSorted(), ['MIO_JS_IO', 'MIO_JS_REGISTER', 'MIO_JS_WAKE', 'NODE_DEBUG'])
  const documentation = ['README.md', 'docs/register.md', 'docs/engine.md'].map(read).join('\n')
  for (const name of asked) t.true(documentation.includes(name), name)
  for (const folder of ['crates/core/src', 'crates/binding/src']) {
    for (const file of filesOf(folder)) t.false(/env::var|getenv/.test(read(file)), file)
  }
})

test('tools are of exact versions, from registries, and their lock files are complete', (t) => {
  for (const [name, wanted] of Object.entries(root.devDependencies ?? {})) {
    t.regex(wanted, /^\d+\.\d+\.\d+/, name)
  }
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { integrity?: string; link?: boolean; hasInstallScript?: boolean }>
  }
  for (const [path, { integrity, hasInstallScript }] of Object.entries(packages)) {
    if (path === '') continue
    t.true(integrity?.startsWith('sha512-'), path)
    t.not(hasInstallScript, true, `${path} runs a script when it is installed`)
  }
  for (const file of ['Cargo.lock', 'fuzz/Cargo.lock']) {
    for (const entry of read(file).split('[[package]]').slice(1)) {
      const [, source] = /^source = "(.*)"$/m.exec(entry) ?? []
      if (source === undefined) continue
      t.is(source, 'registry+https://github.com/rust-lang/crates.io-index', entry)
      t.regex(entry, /^checksum = "[0-9a-f]{64}"$/m)
    }
  }
})

test('crates are of exact versions', (t) => {
  const manifest = read('Cargo.toml')
  const [, dependencies = ''] = /\[workspace\.dependencies\]\n([\s\S]*?)\n\n/.exec(manifest) ?? []
  for (const [, name, version] of dependencies.matchAll(
    /^([\w-]+) = (?:"|\{ version = ")([^"]+)"/gm,
  )) {
    t.regex(version!, /^=\d/, name)
  }
  t.true(dependencies.includes('mio = '))
})
