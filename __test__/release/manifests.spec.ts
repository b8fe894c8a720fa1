import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { parseDocument } from 'yaml'
import { packageName, published } from '#src/platform.js'
import {
  derivedFiles,
  platformManifest,
  readRoot,
  rootManifest,
  targetOf,
  targets,
} from '../../scripts/platform-packages.js'
import '../support/census.js'

test('what follows from package.json is as `npm run manifests` writes it', (t) => {
  for (const [file, contents] of derivedFiles()) t.is(readFileSync(file, 'utf8'), contents, file)
  const tuples = targets().map(({ tuple }) => tuple)
  t.deepEqual(readdirSync('npm').toSorted(), tuples.toSorted())
})

test('a new version reaches every file in which it stands', (t) => {
  const files = derivedFiles({ ...readRoot(), version: '7.8.9-rc.1' })
  for (const [file, contents] of files) {
    if (!file.endsWith('.md')) t.true(contents.includes('7.8.9-rc.1'), file)
  }
  const lock = files.get('Cargo.lock') ?? ''
  t.is(lock.match(/^version = "7\.8\.9-rc\.1"$/gm)?.length, 3)
  const changed = lock
    .split('\n')
    .filter((line) => !readFileSync('Cargo.lock', 'utf8').includes(line))
  t.deepEqual([...new Set(changed)], ['version = "7.8.9-rc.1"'])
})

test('the loader knows the packages that are published, in the same order', (t) => {
  t.deepEqual(
    targets().map(({ tuple }) => tuple),
    [...published],
  )
  const root = readRoot()
  for (const target of targets(root)) {
    t.is(platformManifest(root, target)['name'], packageName(target.tuple))
  }
})

test('package managers are told where a package fits, in the words of Node', (t) => {
  const root = readRoot()
  const fits = (triple: string): unknown => {
    const { cpu, libc, os } = platformManifest(root, targetOf(triple))
    return { cpu, libc, os }
  }
  const [linux, glibc] = [['linux'], ['glibc']]
  t.deepEqual(fits('x86_64-unknown-linux-musl'), { os: linux, cpu: ['x64'], libc: ['musl'] })
  t.deepEqual(fits('powerpc64le-unknown-linux-gnu'), { os: linux, cpu: ['ppc64'], libc: glibc })
  t.deepEqual(fits('armv7-unknown-linux-gnueabihf'), { os: linux, cpu: ['arm'], libc: glibc })
  t.deepEqual(fits('i686-pc-windows-msvc'), { os: ['win32'], cpu: ['ia32'], libc: undefined })
  t.deepEqual(fits('aarch64-apple-darwin'), { os: ['darwin'], cpu: ['arm64'], libc: undefined })
  t.throws(() => targetOf('mips-unknown-linux-gnu'), { message: /unknown target/ })
})

test('the root names every platform, of exactly its own version, once it is packed', (t) => {
  const root = readRoot()
  t.false('optionalDependencies' in root)
  const { optionalDependencies, ...rest } = rootManifest(root)
  const names = published.map((tuple) => [packageName(tuple), root.version])
  t.deepEqual(optionalDependencies, Object.fromEntries(names))
  t.is(rest['dependencies'], undefined)
  // No command of the repository runs where the package is installed.
  for (const key of ['scripts', 'devDependencies', 'napi']) t.false(key in rest, key)
})

test('no key stands twice in a manifest, where the latter would win without a word', (t) => {
  const errors = (text: string): string[] =>
    parseDocument(text, { uniqueKeys: true }).errors.map(({ code }) => code)
  for (const file of ['package.json', 'docs/package.json', 'scripts/tools/package.json']) {
    t.deepEqual(errors(readFileSync(file, 'utf8')), [], file)
  }
  t.deepEqual(errors('{ "scripts": { "lint": "a", "test": "b", "lint": "c" } }'), ['DUPLICATE_KEY'])
})

test('lint sees Rust, TOML, everything that prettier knows, TypeScript and the workflows', (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  t.deepEqual(
    scripts['lint']?.split(' && ').map((step) => step.split(' ').slice(0, 2).join(' ')),
    [
      'cargo fmt',
      'cargo clippy',
      'cargo doc',
      'taplo fmt',
      'prettier --check',
      'oxlint --deny-warnings',
      'node build/scripts/lint-workflows.js',
    ],
  )
  // The last is compiled, which a clone has not done yet.
  t.true(scripts['prelint']?.endsWith(' && tsc --build'))
})
