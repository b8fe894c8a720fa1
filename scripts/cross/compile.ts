/** Compiles the binary of one platform, as it is published. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Recipe } from './recipes.js'
import { type Rust, rustFor, type Source } from './rust.js'
import { zigEnvironment } from './zig.js'

export interface Compiled {
  readonly file: string
  readonly rust: Rust
}

/** What Cargo calls a library; that of the others is ELF's. */
const libraries: Record<string, string> = {
  darwin: 'libmio_js_binding.dylib',
  win32: 'mio_js_binding.dll',
}

/** Flags in the environment would replace those of .cargo/config.toml, which are part of a release. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { RUSTFLAGS: _flags, CARGO_ENCODED_RUSTFLAGS: _encoded, ...inherited } = process.env
  return inherited
}

/** Compiles without a warning, or throws. */
export function compile(recipe: Recipe, source: Source = 'any'): Compiled {
  const { environment, linked, target, zig } = recipe
  const inherited = { ...cleanEnvironment(), ...environment }
  const rust = rustFor(target.triple, source, zig ? zigEnvironment(inherited) : inherited)
  const args = [zig ? 'zigbuild' : 'build', '--release', '--locked', '--target', linked]
  args.push('--package', 'mio-js-binding', ...denyWarnings(target.triple), ...rust.flags)
  const { error, status } = spawnSync('cargo', args, {
    env: rust.environment,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error(`cargo: ${error?.message ?? `ended with ${status}`}`)
  const folder = join(process.env['CARGO_TARGET_DIR'] ?? 'target', target.triple, 'release')
  return { file: join(folder, libraries[target.os] ?? 'libmio_js_binding.so'), rust }
}

/** Beside the flags of .cargo/config.toml, not instead of them. */
export function denyWarnings(triple: string): string[] {
  return ['--config', `target.${triple}.rustflags=["-Dwarnings"]`]
}
