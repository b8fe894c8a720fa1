/**
 * zig, and the command of Cargo that links by it, of exactly the versions in
 * `scripts/tools/requirements.txt`, from PyPI: installed once, outside of the repository.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cachePath, installOnce } from '../cache.js'

const requirements = 'scripts/tools/requirements.txt'

/** In words, as records have it. */
export function zigVersions(): string {
  const version = (name: string): string | undefined =>
    new RegExp(`^${name}==(.+)$`, 'm').exec(readFileSync(requirements, 'utf8'))?.[1]
  return `zig ${version('ziglang')}, cargo-zigbuild ${version('cargo-zigbuild')}`
}

/** What makes `cargo zigbuild` work; installs it if it is not there. */
export function zigEnvironment(inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bin = join(installZig(), 'bin')
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

function installZig(): string {
  const wanted = readFileSync(requirements)
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16)
  return installOnce(cachePath('cross', `zig-${name}`), (stage) => {
    run('python3', ['-m', 'venv', stage], 'python3 with venv is needed (Debian: python3-venv)')
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    run(join(stage, 'bin', 'python3'), [...pip, '-r', requirements], 'zig cannot be installed')
  })
}

function run(command: string, args: readonly string[], problem: string): void {
  const { error, status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    throw new Error(`${problem}: ${command} ${error?.message ?? `ended: ${status}`}`)
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
