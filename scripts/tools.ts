/**
 * Installs what the published packages are tried with: package managers, runtimes and a registry, of
 * exactly the versions in `scripts/tools`. They are hundreds of megabytes that hardly anybody needs,
 * so they are no development dependencies: they go into a cache outside of the repository, once for
 * each lock file. No script of theirs is run, so what downloads a part of itself has no place here.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The `node_modules` with the tools; installs them if they are not there. */
export function installTools(): string {
  const lock = readFileSync('scripts/tools/package-lock.json')
  const name = createHash('sha256').update(lock).digest('hex').slice(0, 16)
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mio-js')
  const folder = join(cache, `tools-${name}`)
  const modules = join(folder, 'node_modules')
  if (existsSync(modules)) return modules
  mkdirSync(cache, { recursive: true })
  // Installed aside and renamed, so that what is there is complete.
  const stage = mkdtempSync(join(cache, 'installing-'))
  try {
    cpSync('scripts/tools', stage, { recursive: true })
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status } = spawnSync('npm', args, {
      cwd: stage,
      shell: process.platform === 'win32',
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) throw new Error(`the tools cannot be installed: npm ci ended with ${status}`)
    if (!existsSync(modules)) renameSync(stage, folder)
    return modules
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
