/**
 * Packs what a user would install on this machine: the package itself, and its platform package with
 * the binary that was built last. Both tarballs go into the folder that is named.
 *
 * The manifest of the repository has no optional dependencies, because `npm ci` would look for
 * platform packages that are not published yet: they are added here.
 *
 * usage: npm run pack:local -- DIR
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { tuple } from '#src/platform.js'

type Manifest = Record<string, unknown> & { version: string }

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: npm run pack:local -- DIR')
  process.exit(2)
}
const destination = resolve(directory)
mkdirSync(destination, { recursive: true })

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const { description, engines, keywords, license, version } = manifest
const binding = `@mio-js/binding-${tuple()}`
const binary = `mio-js.${tuple()}.node`

function pack(files: readonly string[], contents: object): void {
  const stage = mkdtempSync(join(tmpdir(), 'mio-js-pack-'))
  try {
    for (const file of files) cpSync(file, join(stage, file), { recursive: true })
    writeFileSync(join(stage, 'package.json'), JSON.stringify(contents, null, 2))
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', destination]
    const { status } = spawnSync('npm', args, {
      cwd: stage,
      shell: process.platform === 'win32',
      stdio: 'inherit',
    })
    if (status !== 0) process.exit(status ?? 1)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

const { devDependencies: _tools, napi: _build, scripts: _commands, ...published } = manifest
pack(['dist', 'LICENSE', 'README.md'], {
  ...published,
  optionalDependencies: { [binding]: version },
})

const [os, cpu, abi] = tuple().split('-')
const libc = abi === 'musl' ? ['musl'] : abi === 'gnu' ? ['glibc'] : undefined
pack(['LICENSE', binary], {
  name: binding,
  version,
  description: `${description}: the binary for ${tuple()}`,
  keywords,
  license,
  main: binary,
  files: [binary],
  engines,
  os: [os],
  cpu: [cpu],
  ...(libc === undefined ? {} : { libc }),
})
