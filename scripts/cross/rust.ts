/**
 * The standard library of a target. Where the compiler has none, rustup downloads it. Not every
 * machine has rustup, and not every one reaches its host; and rustup has no library for targets of
 * the third tier. Then the library is built from its sources: those of rustup, or else with the
 * compiler that Debian has, whose sources are a package.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { debianRust } from './debian-rust.js'

export interface Rust {
  /** Of the compiler, such as `1.95.0`. */
  readonly version: string
  /** Where the standard library is from, in words. */
  readonly library: string
  readonly environment: NodeJS.ProcessEnv
  /** What Cargo is told beside. */
  readonly flags: readonly string[]
}

/** Where the standard library may come from. */
export type Source = 'any' | 'debian'

/** How long rustup may take for a download, in milliseconds. */
const patience = 120_000

/** A compiler for a target, with a standard library; throws where there is no way to one. */
export function rustFor(triple: string, source: Source, inherited: NodeJS.ProcessEnv): Rust {
  return (source === 'any' ? ownRust(triple, inherited) : undefined) ?? fromDebian(inherited)
}

function ownRust(triple: string, inherited: NodeJS.ProcessEnv): Rust | undefined {
  const { status, stdout } = spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  const rustlib = join(stdout.trim(), 'lib', 'rustlib')
  const rust = { version: versionOf(inherited), environment: inherited, flags: [] }
  const isThere = (): boolean => existsSync(join(rustlib, triple, 'lib'))
  if (isThere()) return { ...rust, library: 'installed' }
  if (rustup(['target', 'add', triple]) && isThere()) return { ...rust, library: 'installed' }
  const sources = join(rustlib, 'src', 'rust', 'library', 'Cargo.lock')
  if (existsSync(sources) || rustup(['component', 'add', 'rust-src'])) {
    return { ...rust, ...built(inherited), library: "built from rustup's rust-src" }
  }
  return undefined
}

/** What this machine's own rustup does; whether it did it. */
function rustup(args: readonly string[]): boolean {
  const { status } = spawnSync('rustup', args, { stdio: ['ignore', 2, 2], timeout: patience })
  return status === 0
}

function fromDebian(inherited: NodeJS.ProcessEnv): Rust {
  const environment = {
    ...inherited,
    PATH: [debianRust(), inherited['PATH']].join(delimiter),
  }
  return {
    version: versionOf(environment),
    library: "built from Debian's rust-web-src",
    ...built(environment),
  }
}

/** What makes Cargo build the standard library, which stable compilers must be talked into. */
function built(environment: NodeJS.ProcessEnv): Pick<Rust, 'environment' | 'flags'> {
  return {
    environment: { ...environment, RUSTC_BOOTSTRAP: '1' },
    flags: ['-Zbuild-std=std,panic_unwind,panic_abort'],
  }
}

function versionOf(env: NodeJS.ProcessEnv): string {
  const { stdout } = spawnSync('rustc', ['--version'], { encoding: 'utf8', env })
  return /^rustc (\S+)/.exec(stdout ?? '')?.[1] ?? 'unknown'
}
