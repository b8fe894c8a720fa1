/**
 * What a binary must be, so that it loads wherever its package is installed: the checks that a
 * release makes of each, by reading the file alone.
 */
import { readElf } from './elf.js'
import { readMachO } from './macho.js'
import { readPe } from './pe.js'
import type { Target } from './platform-packages.js'

/** A binary above this is one that was not stripped, or that links what it should not. */
export const largest = 1_500_000

/** Numbers of processors, as each format has them. */
const machines: Record<string, Record<string, number>> = {
  linux: { arm: 40, arm64: 183, ppc64: 21, riscv64: 243, s390x: 22, x64: 62 },
  freebsd: { x64: 62 },
  darwin: { arm64: 0x100_000c, x64: 0x100_0007 },
  win32: { arm64: 0xaa64, ia32: 0x14c, x64: 0x8664 },
}

const [glibcLibrary, muslLibrary] = [
  /^(ld-linux\S*|ld64|lib(c|dl|gcc_s|m|pthread|rt))\.so\.\d+$/,
  /^lib(c|gcc_s)\.so(\.\d+)?$/,
]
const freebsdLibrary = /^lib(c|gcc_s|m|thr)\.so\.\d+$/
const darwinLibrary = /^\/usr\/lib\/lib(System\.B|iconv\.2|charset\.1)\.dylib$/
/** Parts of Windows itself. The runtime of Visual C++ is none, and clean systems lack it. */
const windowsLibrary =
  /^(advapi32|bcryptprimitives|iphlpapi|kernel32|ntdll|userenv|ws2_32|api-ms-win-(core|crt)-[\w-]+)\.dll$/

/** The oldest glibc that a target must load with. */
export function glibcFloor({ cpu }: Target): string {
  return { ppc64: '2.19', riscv64: '2.27' }[cpu] ?? '2.17'
}

/** What is wrong with a binary, in words; nothing if it can be published. */
export function problemsOf(file: Uint8Array, target: Target): string[] {
  const problems = file.byteLength > largest ? [`has ${file.byteLength} bytes`] : []
  try {
    problems.push(...systemProblems(file, target))
  } catch (error) {
    problems.push((error as Error).message)
  }
  return problems
}

function systemProblems(file: Uint8Array, target: Target): string[] {
  switch (target.os) {
    case 'darwin': {
      const { libraries, machine, minimum, name, signed } = readMachO(file)
      return [
        ...machineProblem(machine, target),
        ...foreign(libraries, darwinLibrary),
        ...(minimum === undefined || isAbove(minimum, '11.0') ? [`needs macOS ${minimum}`] : []),
        ...(name?.startsWith('/') === true ? [`is called ${name}`] : []),
        ...(target.cpu === 'arm64' && !signed ? ['has no signature'] : []),
      ]
    }
    case 'win32': {
      const { imports, machine } = readPe(file)
      return [...machineProblem(machine, target), ...foreign(imports, windowsLibrary)]
    }
    case 'freebsd':
      return elfProblems(file, target, freebsdLibrary)
    default:
      return elfProblems(file, target, target.libc === 'musl' ? muslLibrary : glibcLibrary)
  }
}

function elfProblems(file: Uint8Array, target: Target, allowed: RegExp): string[] {
  const elf = readElf(file)
  const problems = [...machineProblem(elf.machine, target), ...foreign(elf.needed, allowed)]
  if (elf.textRelocations) problems.push('has text relocations')
  // musl never unmaps anything.
  if (!elf.noDelete && target.libc !== 'musl')
    problems.push('is unmapped when the last worker that loaded it ends')
  for (const name of elf.sections) {
    if (name === '.symtab' || name.startsWith('.debug')) problems.push(`is not stripped: ${name}`)
  }
  // Node-API is looked up at run time, or the binary would load in fewer runtimes. Libraries of
  // musl and FreeBSD have no versions, so there only names tell.
  for (const name of elf.unversioned) {
    if (target.libc === 'glibc' || /^(napi|node|uv)_/.test(name)) problems.push(`imports ${name}`)
  }
  const floor = glibcFloor(target)
  for (const name of elf.versions) {
    const version = /^GLIBC_([\d.]+)$/.exec(name)?.[1]
    if (version !== undefined && isAbove(version, floor)) problems.push(`needs glibc ${version}`)
  }
  return problems
}

/** The oldest system that a binary loads in, in words. */
export function floorOf(file: Uint8Array, target: Target): string {
  switch (target.os) {
    case 'darwin':
      return `macOS ${readMachO(file).minimum}`
    case 'win32': {
      const hasUcrt = readPe(file).imports.some((name) => name.startsWith('api-ms-win-crt-'))
      return hasUcrt ? 'Windows 10, its UCRT' : 'Windows 10'
    }
    default: {
      if (target.libc === 'musl') return 'musl'
      const [prefix, name] = target.os === 'freebsd' ? ['FBSD_', 'FBSD_'] : ['GLIBC_', 'glibc ']
      const versions = readElf(file)
        .versions.filter((version) => version.startsWith(prefix))
        .map((version) => version.slice(prefix.length))
      return name + versions.reduce((a, b) => (isAbove(b, a) ? b : a), '0')
    }
  }
}

function machineProblem(machine: number, { cpu, os }: Target): string[] {
  return machines[os]?.[cpu] === machine ? [] : [`is for another processor: ${machine}`]
}

function foreign(libraries: readonly string[], allowed: RegExp): string[] {
  return libraries.filter((name) => !allowed.test(name)).map((name) => `needs ${name}`)
}

export function isAbove(version: string, floor: string): boolean {
  const [a, b] = [version, floor].map((text) => text.split('.').map(Number)) as [number[], number[]]
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
