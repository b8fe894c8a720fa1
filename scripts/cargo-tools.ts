/**
 * Tools of Rust's that commands of package.json use, of exactly these versions. They are built once,
 * into the cache.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath, installOnce } from './cache.js'

export const cargoTools = {
  'cargo-cyclonedx': '0.5.9',
  'cargo-deny': '0.20.2',
  'cargo-fuzz': '0.13.2',
} as const

/** The path of a tool; builds it if it is not there, which takes minutes, and is not worth optimising. */
export function cargoTool(name: keyof typeof cargoTools): string {
  const version = cargoTools[name]
  const folder = installOnce(cachePath(`${name}-${version}`), (stage) => {
    console.error(`building ${name} ${version}, once`)
    const args = ['install', name, '--version', version, '--locked', '--quiet', '--debug']
    const target = join(stage, 'target')
    const { status } = spawnSync('cargo', [...args, '--root', stage], {
      // Not in the repository's folder for targets, nor with its settings.
      cwd: stage,
      env: { ...process.env, CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: '0' },
      stdio: ['ignore', 2, 2],
    })
    if (status !== 0) throw new Error(`${name} cannot be built: cargo ended with ${status}`)
    rmSync(target, { recursive: true, force: true })
  })
  return join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}
