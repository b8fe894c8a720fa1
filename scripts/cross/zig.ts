/**
 * zig, and the command of Cargo that links by it, of exactly the versions in
 * `scripts/tools/zig.txt`, from PyPI: installed once, outside of the repository.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cachePath } from '../cache.js'
import { installFromPypi } from './python.js'

const requirements = 'scripts/tools/zig.txt'

/** In words, as records have it. */
export function zigVersions(): string {
  const version = (name: string): string | undefined =>
    new RegExp(`^${name}==(.+)$`, 'm').exec(readFileSync(requirements, 'utf8'))?.[1]
  return `zig ${version('ziglang')}, cargo-zigbuild ${version('cargo-zigbuild')}`
}

/** What makes `cargo zigbuild` work; installs it if it is not there. */
export function zigEnvironment(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bin = join(installFromPypi('zig', requirements), 'bin')
  const files = emptyLibnode()
  return {
    ...inherited,
    // Asked as `python3 -m ziglang`: the first python3 must be the one that has it.
    PATH: [bin, inherited['PATH']].join(delimiter),
    CARGO_ZIGBUILD_CACHE_DIR: cachePath('cross', 'zigbuild'),
    ZIG_GLOBAL_CACHE_DIR: cachePath('cross', 'zig-cache'),
    LIBNODE_PATH: files,
  }
}

/**
 * napi-build wants an import library of Node for GNU's flavours of Windows. Node-API is looked up at
 * run time, nothing is imported, and so an empty one does.
 */
function emptyLibnode(): string {
  const folder = cachePath('cross', 'libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'libnode.dll'), '')
  writeFileSync(join(folder, 'libnode.a'), '!<arch>\n')
  return folder
}
