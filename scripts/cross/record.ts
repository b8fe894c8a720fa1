/**
 * Where binaries that are built here lie, for those who run them, and what is known of each: in a
 * folder of its name in the cache, `mio-js.<name>.node` and `record.json`.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath } from '../cache.js'
import { floorOf } from '../inspection.js'
import { binaryName, readRoot } from '../platform-packages.js'
import { sourcesOfBinaries } from '../sources.js'
import type { Compiled } from './compile.js'
import type { Recipe } from './recipes.js'
import { zigVersions } from './zig.js'

export interface BuildRecord {
  /** Of the platform; of a stand-in, with its own ABI. */
  readonly tuple: string
  readonly triple: string
  readonly isStandIn: boolean
  /** The package's. */
  readonly version: string
  /** In bytes. */
  readonly size: number
  readonly sha256: string
  /** The oldest system that it loads in, in words. */
  readonly floor: string
  readonly rustc: string
  /** Where the standard library is from, in words. */
  readonly library: string
  readonly linker: string
  /** What it was built of, see `sources.ts`. */
  readonly sources: string
  /** As ISO 8601 has it. */
  readonly date: string
}

/** The folder of a binary and its record. */
export function artifactFolder(tuple: string): string {
  return cachePath('artifacts', tuple)
}

/** Keeps a binary, with its record. */
export function keep({ target, zig, isStandIn }: Recipe, { file, rust }: Compiled): BuildRecord {
  const bytes = readFileSync(file)
  const record: BuildRecord = {
    tuple: target.tuple,
    triple: target.triple,
    isStandIn,
    version: readRoot().version,
    size: bytes.byteLength,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    floor: floorOf(bytes, target),
    rustc: rust.version,
    library: rust.library,
    linker: zig ? zigVersions() : "the system's own",
    sources: sourcesOfBinaries(),
    date: new Date().toISOString(),
  }
  const folder = artifactFolder(target.tuple)
  mkdirSync(folder, { recursive: true })
  const binary = join(folder, binaryName(target))
  // By a rename: a process that has the old one mapped keeps it.
  copyFileSync(file, `${binary}.new`)
  renameSync(`${binary}.new`, binary)
  writeFileSync(join(folder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`)
  return record
}

/** Forgets a binary, so that nobody takes it for what could not be built. */
export function forget({ target }: Recipe): void {
  rmSync(artifactFolder(target.tuple), { recursive: true, force: true })
}
