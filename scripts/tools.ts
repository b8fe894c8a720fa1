/**
 * Installs what the published packages are tried with: package managers, runtimes and a registry, of
 * exactly the versions in `scripts/tools`. They are hundreds of megabytes that hardly anybody needs,
 * so they are no development dependencies: they go into a cache outside of the repository, once for
 * each lock file. No script of theirs is run, so what downloads a part of itself has no place here.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath, installOnce } from './cache.js'

/** Where they are, or will be: another lock file has another place. */
function place(): string {
  const lock = readFileSync('scripts/tools/package-lock.json')
  const name = createHash('sha256').update(lock).digest('hex').slice(0, 16)
  return cachePath(`tools-${name}`)
}

/** The `node_modules` with the tools, if they are installed. */
export function installedTools(): string | undefined {
  const folder = place()
  return existsSync(folder) ? join(folder, 'node_modules') : undefined
}

/** The `node_modules` with the tools; installs them if they are not there. */
export function installTools(): string {
  const folder = installOnce(place(), (stage) => {
    cpSync('scripts/tools', stage, { recursive: true })
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status } = spawnSync('npm', args, {
      cwd: stage,
      shell: process.platform === 'win32',
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) throw new Error(`the tools cannot be installed: npm ci ended with ${status}`)
  })
  return join(folder, 'node_modules')
}
