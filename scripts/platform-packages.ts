/**
 * What the platforms' packages are: one for each of `napi.targets` in package.json, from which their
 * manifests, their READMEs and all versions follow. `manifests.ts` writes these files, a test
 * compares them, `pack.ts` packs them.
 *
 * The root's manifest in the repository does not name them, or `npm ci` in a clone would look for
 * packages of a version that is not published yet. They are named where the root is packed.
 */
import { readFileSync } from 'node:fs'

export interface RootManifest extends Record<string, unknown> {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly napi: { readonly packageName: string; readonly targets: readonly string[] }
}

/** A platform as npm, Node and Rust name it. */
export interface Target {
  /** Rust's target triple. */
  readonly triple: string
  readonly tuple: string
  readonly os: string
  readonly cpu: string
  readonly libc: 'glibc' | 'musl' | undefined
}

const processors: Record<string, string> = {
  aarch64: 'arm64',
  armv7: 'arm',
  i686: 'ia32',
  powerpc64le: 'ppc64',
  riscv64gc: 'riscv64',
  s390x: 's390x',
  x86_64: 'x64',
}
const systems: Record<string, string> = {
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  windows: 'win32',
}
const libraries: Record<string, Target['libc']> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
}

/** How Node and npm name a target of Rust. */
export function targetOf(triple: string): Target {
  const [processor = '', , system = '', abi = ''] = triple.split('-')
  const [cpu, os] = [processors[processor], systems[system]]
  if (cpu === undefined || os === undefined) throw new Error(`unknown target: ${triple}`)
  const tuple = [os, cpu, abi].filter((part) => part !== '').join('-')
  return { triple, tuple, os, cpu, libc: os === 'linux' ? libraries[abi] : undefined }
}

export function readRoot(): RootManifest {
  return JSON.parse(readFileSync('package.json', 'utf8')) as RootManifest
}

export function targets(root: RootManifest = readRoot()): Target[] {
  return root.napi.targets.map((triple) => targetOf(triple))
}

export function binaryName({ tuple }: Target): string {
  return `mio-js.${tuple}.node`
}

/** Copied from the root as they are, where it has them. */
const shared = ['license', 'author', 'homepage', 'repository', 'bugs', 'engines'] as const

/** The manifest of a platform's package. */
export function platformManifest(root: RootManifest, target: Target): Record<string, unknown> {
  const binary = binaryName(target)
  return {
    name: `${root.napi.packageName}-${target.tuple}`,
    version: root.version,
    description: `The binary of ${root.name} for ${target.tuple}`,
    keywords: root['keywords'],
    ...Object.fromEntries(
      shared.flatMap((key) => (root[key] === undefined ? [] : [[key, root[key]]])),
    ),
    main: binary,
    files: [binary],
    os: [target.os],
    cpu: [target.cpu],
    ...(target.libc === undefined ? {} : { libc: [target.libc] }),
    // Yarn keeps packages zipped, and a zipped binary cannot be loaded.
    preferUnplugged: true,
    publishConfig: { access: 'public' },
  }
}

function platformReadme(root: RootManifest, target: Target): string {
  return [
    `# ${root.napi.packageName}-${target.tuple}`,
    '',
    `The binary of ${root.name} for \`${target.triple}\`.`,
    'Package managers install it with that package, where it fits; it is of no use alone.',
    '',
  ].join('\n')
}

/** The manifest of the root as it is published. */
export function rootManifest(root: RootManifest): Record<string, unknown> {
  const { devDependencies: _tools, napi: _build, scripts: _commands, ...published } = root
  const names = targets(root).map(({ tuple }) => `${root.napi.packageName}-${tuple}`)
  return {
    ...published,
    // Exact: the facade and the binary share a private interface.
    optionalDependencies: Object.fromEntries(names.map((name) => [name, root.version])),
    // What Yarn keeps zipped can be imported, but require() finds no modules in it.
    preferUnplugged: true,
  }
}

export function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Files of Cargo in which our version stands, beside that of other packages. */
const cargoFiles = ['Cargo.toml', 'Cargo.lock', 'fuzz/Cargo.lock']

function withVersion(text: string, version: string): string {
  return text
    .replace(/^(\[workspace\.package\]\n(?:.+\n)*?version = ")[^"]+/m, `$1${version}`)
    .replaceAll(/^(name = "mio-js-(?:benchmark|binding|core)"\nversion = ")[^"]+/gm, `$1${version}`)
}

/** Every file that follows from package.json, with its contents. */
export function derivedFiles(root: RootManifest = readRoot()): Map<string, string> {
  const files = new Map<string, string>()
  for (const target of targets(root)) {
    files.set(`npm/${target.tuple}/package.json`, toJson(platformManifest(root, target)))
    files.set(`npm/${target.tuple}/README.md`, platformReadme(root, target))
  }
  const source = readFileSync('src/version.ts', 'utf8')
  files.set('src/version.ts', source.replace(/'[^']*'$/m, `'${root.version}'`))
  for (const name of cargoFiles) {
    files.set(name, withVersion(readFileSync(name, 'utf8'), root.version))
  }
  return files
}
