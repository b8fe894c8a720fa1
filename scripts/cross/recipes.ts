/**
 * Which binaries can be built, and how: one recipe for each platform that has a package, and the
 * stand-ins for Windows.
 *
 * zig is the C compiler and the linker of all that is not built by a system's own tools: it brings
 * the libraries of every system but Microsoft's, and links with the glibc that it is told, where a
 * host's own linker would take the host's, which older systems do not have.
 *
 * Packages for Windows have Microsoft's C library, whose import libraries may not be passed on, so
 * only Windows builds them. What Wine runs is the same code with the C library that is part of
 * Windows (UCRT) and GNU's conventions: it tells of our code, and nothing of that C library.
 */
import { glibcFloor } from '../inspection.js'
import { type Target, targetOf, targets } from '../platform-packages.js'

export interface Recipe {
  /** As Node and npm name it; of a stand-in, with its own ABI. */
  readonly target: Target
  /** What the linker is told: the triple, with the oldest version of glibc. */
  readonly linked: string
  /** Whether zig links, or the system's own tools. */
  readonly zig: boolean
  /** Whether it is what tests run, and no package has it. */
  readonly isStandIn: boolean
  /** What else the build is told. */
  readonly environment: NodeJS.ProcessEnv
}

/** What the tests run in place of packages for Windows. */
const standIns: Readonly<Record<string, string>> = {
  'win32-x64-msvc': 'x86_64-pc-windows-gnu',
  'win32-ia32-msvc': 'i686-pc-windows-gnu',
  'win32-arm64-msvc': 'aarch64-pc-windows-gnullvm',
}

/** What the tests run of a platform's package: itself, or what stands in for it. */
export function testedAs(tuple: string): string {
  const standIn = standIns[tuple]
  return standIn === undefined ? tuple : targetOf(standIn).tuple
}

/** The oldest that Rust supports on both processors. */
const oldestMacOs = '11.0'

export function recipeOf(target: Target, host: NodeJS.Platform = process.platform): Recipe {
  const { libc, os, triple } = target
  const isStandIn = Object.values(standIns).includes(triple)
  return {
    target,
    linked: libc === 'glibc' ? `${triple}.${glibcFloor(target)}` : triple,
    zig: isStandIn || os === 'linux' || os === 'freebsd' || (os === 'darwin' && host !== os),
    isStandIn,
    environment: os === 'darwin' ? { MACOSX_DEPLOYMENT_TARGET: oldestMacOs } : {},
  }
}

/** Every recipe, those of packages first. */
export function recipes(host: NodeJS.Platform = process.platform): Recipe[] {
  const all = [...targets(), ...Object.values(standIns).map((triple) => targetOf(triple))]
  return all.map((target) => recipeOf(target, host))
}

/** Why a machine cannot build it; nothing if it can. */
export function obstacleTo(
  { target, zig }: Recipe,
  host: NodeJS.Platform = process.platform,
): string | undefined {
  if (zig && host === 'win32') return 'is built by zig, on Linux or macOS'
  if (target.os !== 'win32' || zig || host === 'win32') return undefined
  return `needs the SDK of Microsoft, so Windows builds it; ${testedAs(target.tuple)} has the same code, for tests`
}
