/**
 * Builds with sanitizers, which are instruments of the compiler that only unreleased ones have: the
 * stable one is told that it is one of those.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment } from './cross/compile.js'

/** The target has to be named, else what is run while building would be instrumented as well. */
export const target = 'x86_64-unknown-linux-gnu'

/** Why nothing can be tried here, if so. */
export function unavailable(): string | undefined {
  const isHere = process.platform === 'linux' && process.arch === 'x64'
  return isHere ? undefined : 'sanitizers are tried on Linux x64 only'
}

export type Sanitizer = 'address' | 'thread'

/** For cargo, which builds each in a folder of its own. */
export function environment(
  sanitizer: Sanitizer,
  flags: readonly string[] = [],
): NodeJS.ProcessEnv {
  return {
    ...cleanEnvironment(),
    CARGO_TARGET_DIR: `target/${sanitizer}`,
    ...profile('DEV'),
    ...profile('RELEASE'),
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: [`-Zsanitizer=${sanitizer}`, ...flags].join(' '),
  }
}

/** What is built is for finding errors: with the checks of mio and std, and quickly. */
function profile(name: string): NodeJS.ProcessEnv {
  const settings = {
    CODEGEN_UNITS: '16',
    DEBUG: 'line-tables-only',
    DEBUG_ASSERTIONS: 'true',
    LTO: 'off',
    OPT_LEVEL: '1',
    STRIP: 'none',
  }
  const entries = Object.entries(settings)
  return Object.fromEntries(
    entries.map(([setting, value]) => [`CARGO_PROFILE_${name}_${setting}`, value]),
  )
}

/** The runtime that an instrumented module needs, to be preloaded: it comes with gcc. */
export function addressRuntime(): string {
  const compiler = process.env['CC'] ?? 'cc'
  const { stdout } = spawnSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' })
  const path = stdout?.trim() ?? ''
  if (!existsSync(path)) throw new Error(`${compiler} has no libasan.so: install gcc`)
  return path
}

/** Whether std can be built as well: from the sources that rustup has. */
export function hasStandardLibrarySources(): boolean {
  const { stdout } = spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' })
  const sources = join(stdout?.trim() ?? '', 'lib/rustlib/src/rust/library/Cargo.lock')
  if (existsSync(sources)) return true
  const args = ['component', 'add', 'rust-src']
  return spawnSync('rustup', args, { stdio: ['ignore', 2, 2] }).status === 0 && existsSync(sources)
}
