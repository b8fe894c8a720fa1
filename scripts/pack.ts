/**
 * Makes the tarballs that are published. Each is packed by npm in a folder that holds what belongs
 * into it and nothing else, so that no leftover of a build gets in.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  binaryName,
  platformManifest,
  readRoot,
  rootManifest,
  type Target,
  toJson,
} from './platform-packages.js'

/** Packs the root into a folder; returns the tarball's name. */
export function packRoot(destination: string): string {
  return pack(destination, rootManifest(readRoot()), [
    ...compiledFiles().map((file): [string, string] => [file, file]),
    ['LICENSE', 'LICENSE'],
    ['README.md', 'README.md'],
  ])
}

/** Packs the package of a platform, with the binary that is given; returns the tarball's name. */
export function packPlatform(destination: string, target: Target, binary: string): string {
  return pack(destination, platformManifest(readRoot(), target), [
    [binary, binaryName(target)],
    ['LICENSE', 'LICENSE'],
    [`npm/${target.tuple}/README.md`, 'README.md'],
  ])
}

/** What the compiler makes of the sources that there are: of a source that went away, more is left. */
export function compiledFiles(): string[] {
  const sources = readdirSync('src', { encoding: 'utf8', recursive: true })
    .filter((name) => /\.[cm]?ts$/.test(name))
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
  return ['index.ts', ...sources].flatMap((source) =>
    ['js', 'd.ts'].map((extension) => {
      const name = source.replace(/([cm]?)ts$/, (_, kind: string) =>
        extension === 'js' ? `${kind}js` : `d.${kind}ts`,
      )
      return `dist/${name}`
    }),
  )
}

function pack(destination: string, manifest: object, files: readonly [string, string][]): string {
  mkdirSync(destination, { recursive: true })
  const stage = mkdtempSync(join(tmpdir(), 'mio-js-pack-'))
  try {
    for (const [from, to] of files) {
      if (!existsSync(from)) throw new Error(`${from} is missing: it must be built first`)
      cpSync(from, join(stage, to))
    }
    writeFileSync(join(stage, 'package.json'), toJson(manifest))
    const args = [
      'pack',
      '--silent',
      '--ignore-scripts',
      '--pack-destination',
      resolve(destination),
    ]
    const { status, stderr } = spawnSync('npm', args, {
      cwd: stage,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    if (status !== 0) throw new Error(`npm pack: ${stderr}`)
    const { name, version } = manifest as { name: string; version: string }
    return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
