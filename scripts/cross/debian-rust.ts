/**
 * Rust as Debian has it for its browsers, with its sources: unpacked into the cache, so that nothing
 * of the machine changes and nobody must be root.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath, installOnce } from '../cache.js'

const packages = ['cargo-web', 'rust-web-src', 'rustc-web']

/** A folder with `cargo` and `rustc`; unpacks them if they are not there. */
export function debianRust(): string {
  const version = candidate()
  const root = installOnce(cachePath('cross', `debian-rust-${version}`), (stage) => {
    const downloads = join(stage, 'packages')
    mkdirSync(downloads)
    run('apt-get', ['download', '-qq', ...missingPackages()], downloads)
    for (const name of readdirSync(downloads)) {
      run('dpkg', ['-x', join(downloads, name), stage], downloads)
    }
    run('rm', ['-r', downloads], stage)
    mkdirSync(join(stage, 'bin'))
    for (const name of ['cargo', 'rustc']) writeProgram(join(stage, 'bin', name), name)
  })
  return join(root, 'bin')
}

/** The version that apt would install. */
function candidate(): string {
  let version = policy()
  if (version === undefined) {
    // Fresh machines know no packages yet.
    run('apt-get', ['update', '-qq'], '.')
    version = policy()
  }
  if (version !== undefined) return version
  throw new Error('neither rustup nor Debian (rustc-web) has a standard library for this target')
}

function policy(): string | undefined {
  const { stdout } = spawnSync('apt-cache', ['policy', 'rustc-web'], { encoding: 'utf8' })
  return /^ +Candidate: (?:\d+:)?(\d+\.\d+\.\d+)/m.exec(stdout ?? '')?.[1]
}

/** The packages, and those that they need and this machine has not. */
function missingPackages(): string[] {
  const args = ['--simulate', '--no-install-recommends', 'install', ...packages]
  const { stdout } = spawnSync('apt-get', args, { encoding: 'utf8' })
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '')
  // The compiler looks for all of Rust beside itself, so what is installed is unpacked as well.
  const library = `libstd-rust-web-${candidate().split('.').slice(0, 2).join('.')}`
  return [...new Set([...missing, ...packages, 'libstd-rust-web-dev', library])]
}

/** What starts a program with the libraries beside it. */
function writeProgram(file: string, name: string): void {
  const script = [
    '#!/bin/sh',
    'root=$(dirname "$0")/..',
    'LD_LIBRARY_PATH=$(echo "$root"/usr/lib/*-linux-gnu)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \\',
    `  exec "$root/usr/bin/${name}" "$@"`,
    '',
  ]
  writeFileSync(file, script.join('\n'))
  chmodSync(file, 0o755)
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { error, status } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? `ended with ${status}`}`)
}
