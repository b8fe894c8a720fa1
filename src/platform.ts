/**
 * What this process runs on, as the names of platform packages say it.
 *
 * Which C library a process of Linux uses is written in its executable: the path of the dynamic
 * linker. Reading that takes a tenth of a millisecond. A diagnostic report says it too, but takes
 * from two milliseconds to seventy, so it is asked only where the file cannot be read, as under
 * `--permission`. Deno is never asked for either, since both need permissions there: it says what it
 * was built for. No child process is started, and no other program is asked.
 */
import { closeSync, openSync, readSync, readdirSync } from 'node:fs'
import { machine } from 'node:os'
import { version } from './version.ts'

export interface Platform {
  /** As `process.platform`. */
  readonly platform: string
  /** As `process.arch`. */
  readonly arch: string
  /** The C library of Linux. */
  readonly libc: 'glibc' | 'musl' | undefined
  /** Platform, architecture and C library, as in the name of the platform's package. */
  readonly tuple: string
}

/** Every platform that has a package. A test holds it against `napi.targets` of package.json. */
export const published: readonly string[] = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'linux-arm-gnueabihf',
  'linux-riscv64-gnu',
  'linux-ppc64-gnu',
  'linux-s390x-gnu',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
  'win32-ia32-msvc',
  'freebsd-x64',
]

/** The name of a platform's package. */
export function packageName(platform: string): string {
  return `@mio-js/binding-${platform}`
}

/** What is asked of the process and its system. */
export interface Host {
  readonly platform: string
  readonly arch: string
  /** What the kernel calls the processor. */
  machine(): string
  /** What Deno says it was built for. */
  readonly deno?: { readonly build?: { readonly env?: string } } | undefined
  /** The path of the dynamic linker of the executable; may throw. */
  interpreter(): string | undefined
  readonly report?: Report | undefined
  /** The names in the folder where musl puts its dynamic linker; may throw. */
  libraries(): readonly string[]
}

interface Report {
  excludeNetwork?: boolean
  getReport(): unknown
}

const host: Host = {
  platform: process.platform,
  arch: process.arch,
  machine,
  deno: (globalThis as { Deno?: Host['deno'] }).Deno,
  interpreter: () => interpreterOf('/proc/self/exe'),
  report: process.report as Report | undefined,
  libraries: () => readdirSync('/lib'),
}

let known: Platform | undefined

/** This process's platform. */
export function here(): Platform {
  return (known ??= findPlatform(host))
}

/** The name of this process's platform. */
export function tuple(): string {
  return here().tuple
}

/** The platform that a host has. */
export function findPlatform(asked: Host): Platform {
  const { arch, platform } = asked
  const libc = platform === 'linux' ? findLibc(asked) : undefined
  const abi = platform === 'win32' ? 'msvc' : libc === undefined ? '' : linuxAbi(asked, libc)
  const parts = [platform, arch, abi].filter((part) => part !== '')
  return { platform, arch, libc, tuple: parts.join('-') }
}

function linuxAbi(asked: Host, libc: 'glibc' | 'musl'): string {
  const abi = libc === 'musl' ? 'musl' : 'gnu'
  if (asked.arch !== 'arm') return abi
  // What is built for armv7 has instructions that older processors do not have.
  return /^armv[456]/.test(asked.machine()) ? `${abi}eabi` : `${abi}eabihf`
}

function findLibc(asked: Host): 'glibc' | 'musl' {
  if (asked.deno !== undefined) return asked.deno.build?.env === 'musl' ? 'musl' : 'glibc'
  const interpreter = attempt(asked.interpreter)
  if (interpreter !== undefined) return interpreter.includes('/ld-musl-') ? 'musl' : 'glibc'
  const { report } = asked
  if (report !== undefined) return glibcVersion(report) === undefined ? 'musl' : 'glibc'
  const names = attempt(asked.libraries) ?? []
  return names.some((name) => name.startsWith('ld-musl-')) ? 'musl' : 'glibc'
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}

/** The version of glibc that the process has, by its diagnostic report. */
export function glibcVersion(report: Report | undefined): string | undefined {
  // A report with network interfaces may look names up, which takes seconds.
  const before = report?.excludeNetwork
  if (report !== undefined) report.excludeNetwork = true
  try {
    const { header } = (report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } }
    return header?.glibcVersionRuntime
  } catch {
    return undefined
  } finally {
    if (report !== undefined) report.excludeNetwork = before ?? false
  }
}

/** The platform in words, for messages. */
export function describe({ platform, arch, libc }: Platform): string {
  const { bun, deno, electron, node } = process.versions
  const runtime =
    bun !== undefined
      ? `Bun ${bun}`
      : deno !== undefined
        ? `Deno ${deno}`
        : electron !== undefined
          ? `Electron ${electron}`
          : `Node.js ${node}`
  const glibc = libc === 'glibc' && deno === undefined ? glibcVersion(host.report) : undefined
  const library = libc === undefined ? '' : ` with ${[libc, glibc].filter(Boolean).join(' ')}`
  return `mio-js ${version} on ${platform} ${arch}${library}, ${runtime}`
}

/** The dynamic linker that an ELF file names: its program header of type 3. */
export function interpreterOf(file: string): string | undefined {
  const descriptor = openSync(file, 'r')
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position))
    }
    const start = read(0, 64)
    if (start.length < 64 || start.toString('latin1', 0, 4) !== '\x7fELF') return undefined
    const wide = start[4] === 2
    const little = start[5] === 1
    const u16 = (bytes: Buffer, at: number): number =>
      little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
    const u32 = (bytes: Buffer, at: number): number =>
      little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
    // Offsets of 64 bits; those of programs fit 32. The lower half comes last in big endian.
    const word = (bytes: Buffer, at: number): number => u32(bytes, at + (wide && !little ? 4 : 0))
    const size = u16(start, wide ? 54 : 42)
    const headers = read(word(start, wide ? 32 : 28), size * u16(start, wide ? 56 : 44))
    for (let at = 0; at + size <= headers.length; at += size) {
      if (u32(headers, at) !== 3) continue
      const path = read(word(headers, at + (wide ? 8 : 4)), word(headers, at + (wide ? 32 : 16)))
      return path.toString('latin1').replace(/\0.*$/s, '')
    }
    return undefined
  } finally {
    closeSync(descriptor)
  }
}
