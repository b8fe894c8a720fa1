import { readFileSync } from 'node:fs'
import test from 'ava'
import { here, tuple } from '#src/platform.js'
import { readElf } from '../../scripts/elf.js'
import { glibcFloor, isAbove, largest, problemsOf } from '../../scripts/inspection.js'
import { binaryName, type Target, targetOf, targets } from '../../scripts/platform-packages.js'
import '../support/census.js'

const target = targets().find((one) => one.tuple === tuple()) as Target
const elfTest = process.platform === 'linux' ? test : test.skip

const binary = (): Buffer => readFileSync(binaryName(target))

/** What is wrong beside the age of the C library, which is this machine's in a build for it. */
const withoutFloor = (problems: readonly string[]): string[] =>
  problems.filter((problem) => !problem.startsWith('needs glibc '))

test('what is built here is as it should be, but for the age of the C library', (t) => {
  t.deepEqual(withoutFloor(problemsOf(binary(), target)), [])
})

elfTest('what needs a newer glibc than the floor is refused (ELF)', (t) => {
  const newest = readElf(binary())
    .versions.filter((name) => name.startsWith('GLIBC_'))
    .map((name) => name.slice('GLIBC_'.length))
    .reduce((a, b) => (isAbove(b, a) ? b : a), '0')
  const found = problemsOf(binary(), target).filter(
    (problem) => problem === `needs glibc ${newest}`,
  )
  const expected = here().libc === 'glibc' && isAbove(newest, glibcFloor(target))
  t.is(found.length, expected ? 1 : 0)
  t.true(isAbove('2.34', '2.17') && isAbove('2.17.1', '2.17') && isAbove('3.0', '2.17'))
  t.false(isAbove('2.17', '2.17') || isAbove('2.2.5', '2.17') || isAbove('2.4', '2.17'))
})

elfTest('a binary for another processor, or of another format, is refused (ELF)', (t) => {
  const cpu = target.cpu === 'arm64' ? 'x64' : 'arm64'
  t.true(problemsOf(binary(), { ...target, cpu }).some((problem) => /another proc/.test(problem)))
  t.deepEqual(problemsOf(binary(), targetOf('x86_64-pc-windows-msvc')).length, 1)
  t.deepEqual(problemsOf(binary(), targetOf('x86_64-apple-darwin')).length, 1)
  t.true(problemsOf(Buffer.from('no binary'), target).length > 0)
})

elfTest('text relocations are seen (ELF)', (t) => {
  const file = binary()
  t.false(readElf(file).textRelocations)
  // musl unmaps nothing.
  t.is(readElf(file).noDelete, target.libc !== 'musl')
  t.true(readElf(file).needed.length > 0)
  // The entry of the dynamic section that says NODELETE becomes one that says TEXTREL.
  const flags = Buffer.alloc(8)
  flags.writeUInt32LE(0x6ffffffb)
  const at = file.indexOf(flags)
  if (at === -1) return t.pass('not of this width and byte order')
  file.writeUInt32LE(22, at)
  const problems = problemsOf(file, target)
  t.true(problems.includes('has text relocations'))
  t.is(
    problems.includes('is unmapped when the last worker that loaded it ends'),
    target.libc !== 'musl',
  )
})

elfTest('a library that not every system has is refused (ELF)', (t) => {
  const file = binary()
  const needed = readElf(file).needed.find((name) => name.startsWith('libc.so')) ?? ''
  const other = needed.replace('libc', 'libz')
  file.write(other, file.indexOf(`${needed}\0`), 'latin1')
  t.true(problemsOf(file, target).includes(`needs ${other}`))
})

test('what is larger than a binary ought to be is refused', (t) => {
  const file = Buffer.concat([binary(), Buffer.alloc(largest)])
  t.true(problemsOf(file, target).includes(`has ${file.length} bytes`))
})

/** The least of a DLL that imports another. */
function dll(library: string): Buffer {
  const file = Buffer.alloc(1024)
  file.writeUInt32LE(64, 0x3c)
  file.write('PE', 64)
  file.writeUInt16LE(0x8664, 68)
  file.writeUInt16LE(1, 70) // sections
  file.writeUInt16LE(240, 84) // size of the optional header
  file.writeUInt16LE(0x20b, 88)
  file.writeUInt32LE(0x1000, 88 + 112 + 8) // imports
  const section = 88 + 240
  file.writeUInt32LE(512, section + 8)
  file.writeUInt32LE(0x1000, section + 12)
  file.writeUInt32LE(512, section + 16)
  file.writeUInt32LE(512, section + 20)
  file.writeUInt32LE(0x1100, 512 + 12)
  file.write(library, 512 + 0x100, 'latin1')
  return file
}

test('a binary for Windows needs nothing that a clean Windows lacks', (t) => {
  const windows = targetOf('x86_64-pc-windows-msvc')
  t.deepEqual(problemsOf(dll('WS2_32.dll'), windows), [])
  t.deepEqual(problemsOf(dll('VCRUNTIME140.dll'), windows), ['needs vcruntime140.dll'])
  const other = problemsOf(dll('KERNEL32.dll'), targetOf('i686-pc-windows-msvc'))
  t.deepEqual(other, [`is for another processor: ${0x8664}`])
})

/** The least of a module for macOS that names a library, and perhaps a signature. */
function dylib(library: string, major: number, signed: boolean, name = '@rpath/a.node'): Buffer {
  const file = Buffer.alloc(512)
  file.writeUInt32LE(0xfeedfacf)
  file.writeUInt32LE(0x100000c, 4)
  file.writeUInt32LE(signed ? 4 : 3, 16)
  const commands = [
    [0xc, 128, 24],
    [0xd, 128, 24],
    [0x32, 24, 1, major << 16],
    [0x1d, 16],
  ]
  let at = 32
  for (const words of commands) {
    for (const [index, value] of words.entries()) file.writeUInt32LE(value, at + index * 4)
    at += words[1] ?? 0
  }
  file.write(library, 32 + 24, 'latin1')
  file.write(name, 32 + 128 + 24, 'latin1')
  return file
}

test('a binary for macOS loads in macOS 11, and is signed where it must be', (t) => {
  const mac = targetOf('aarch64-apple-darwin')
  const system = '/usr/lib/libSystem.B.dylib'
  t.deepEqual(problemsOf(dylib(system, 11, true), mac), [])
  t.deepEqual(problemsOf(dylib(system, 13, true), mac), ['needs macOS 13.0'])
  t.deepEqual(problemsOf(dylib(system, 11, false), mac), ['has no signature'])
  // The path where it was built.
  const named = dylib(system, 11, true, '/home/me/target/a.dylib')
  t.deepEqual(problemsOf(named, mac), ['is called /home/me/target/a.dylib'])
  const brew = '/opt/homebrew/lib/libz.dylib'
  t.deepEqual(problemsOf(dylib(brew, 11, true), mac), [`needs ${brew}`])
})
