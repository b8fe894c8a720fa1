import { Buffer } from 'node:buffer'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  describe,
  findPlatform,
  here,
  type Host,
  interpreterOf,
  packageName,
  published,
} from '#src/platform.js'
import './support/census.js'
import { isDeno, runtime } from './support/runtime.js'

const denied = (): never => {
  throw new Error('denied')
}

const linux: Host = {
  platform: 'linux',
  arch: 'x64',
  machine: () => 'x86_64',
  interpreter: () => '/lib64/ld-linux-x86-64.so.2',
  libraries: denied,
}

const reporting = (header: object): Host['report'] => ({ getReport: () => ({ header }) })

const tupleOf = (host: Partial<Host>): string => findPlatform({ ...linux, ...host }).tuple

test('each platform of package.json has its name', (t) => {
  const platforms: [string, string][] = [
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['linux', 'riscv64'],
    ['linux', 'ppc64'],
    ['linux', 's390x'],
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['win32', 'arm64'],
    ['win32', 'ia32'],
    ['freebsd', 'x64'],
  ]
  const musl = { interpreter: () => '/lib/ld-musl-x86_64.so.1' }
  const names = [
    ...platforms.map(([platform, arch]) => tupleOf({ platform, arch })),
    tupleOf(musl),
    tupleOf({ ...musl, arch: 'arm64' }),
    tupleOf({ arch: 'arm', machine: () => 'armv7l' }),
  ]
  t.deepEqual(names.toSorted(), published.toSorted())
  t.is(packageName('darwin-x64'), '@mio-js/binding-darwin-x64')
})

test('what has no package has a name, too', (t) => {
  t.is(tupleOf({ platform: 'sunos' }), 'sunos-x64')
  t.is(tupleOf({ platform: 'android', arch: 'arm64' }), 'android-arm64')
  t.is(tupleOf({ arch: 'loong64' }), 'linux-loong64-gnu')
  const interpreter = (): string => '/lib/ld-musl-armhf.so.1'
  t.is(tupleOf({ arch: 'arm', interpreter }), 'linux-arm-musleabihf')
})

test('an ARM processor older than armv7 gets no binary for armv7', (t) => {
  t.is(tupleOf({ arch: 'arm', machine: () => 'armv6l' }), 'linux-arm-gnueabi')
  // A system of 32 bits on a kernel of 64.
  t.is(tupleOf({ arch: 'arm', machine: () => 'aarch64' }), 'linux-arm-gnueabihf')
})

test('the dynamic linker of the executable tells the C library, wherever it lies', (t) => {
  const nix = (name: string): string => `/nix/store/x-${name}/lib/ld-${name}-x86_64.so.1`
  const report = { getReport: denied }
  t.is(tupleOf({ interpreter: () => nix('musl'), report }), 'linux-x64-musl')
  t.is(tupleOf({ interpreter: () => nix('linux'), report }), 'linux-x64-gnu')
})

test('where it cannot be read, the diagnostic report tells', (t) => {
  const glibc = reporting({ glibcVersionRuntime: '2.36' })
  for (const interpreter of [denied, () => undefined]) {
    t.is(tupleOf({ interpreter, report: glibc }), 'linux-x64-gnu')
    t.is(tupleOf({ interpreter, report: reporting({}) }), 'linux-x64-musl')
  }
})

test('the report is asked without network interfaces, and left as it was', (t) => {
  const seen: unknown[] = []
  const report = {
    excludeNetwork: false,
    getReport() {
      seen.push(report.excludeNetwork)
      return { header: {} }
    },
  }
  t.is(tupleOf({ interpreter: denied, report }), 'linux-x64-musl')
  t.deepEqual([seen, report.excludeNetwork], [[true], false])
})

test('a runtime without a report is judged by the system', (t) => {
  const libraries = (): string[] => ['x86_64-linux-gnu', 'ld-musl-x86_64.so.1']
  t.is(tupleOf({ interpreter: denied, libraries }), 'linux-x64-musl')
  t.is(tupleOf({ interpreter: denied, libraries: () => ['x86_64-linux-gnu'] }), 'linux-x64-gnu')
  t.is(tupleOf({ interpreter: denied, libraries: denied }), 'linux-x64-gnu')
})

test('Deno is asked for nothing that needs a permission', (t) => {
  const host = { interpreter: denied, report: { getReport: denied } }
  t.is(tupleOf({ ...host, deno: { build: { env: 'gnu' } } }), 'linux-x64-gnu')
  t.is(tupleOf({ ...host, deno: { build: { env: 'musl' } } }), 'linux-x64-musl')
  t.is(tupleOf({ ...host, deno: {} }), 'linux-x64-gnu')
})

test('the platform of this process is found, and described', (t) => {
  t.is(here(), here())
  const words = describe(here())
  t.true(words.includes(` on ${process.platform} ${process.arch}`), words)
  t.true(words.endsWith(`, ${runtime}`), words)
  // Deno is never asked.
  if (process.platform !== 'linux' || isDeno) return
  const { header } = process.report.getReport() as unknown as {
    header: { glibcVersionRuntime?: string }
  }
  const version = header.glibcVersionRuntime
  t.is(here().libc, version === undefined ? 'musl' : 'glibc')
  if (version !== undefined) t.true(words.includes(` with glibc ${version},`), words)
})

/** The least of an ELF file that names a dynamic linker. */
function elf(wide: boolean, little: boolean, path: string): Buffer {
  const view = new DataView(new ArrayBuffer(400))
  const bytes = Buffer.from(view.buffer)
  bytes.write('\x7fELF', 'latin1')
  bytes[4] = wide ? 2 : 1
  bytes[5] = little ? 1 : 2
  const word = (at: number, value: number): void =>
    wide ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little)
  const size = wide ? 56 : 32
  word(wide ? 32 : 28, 100)
  view.setUint16(wide ? 54 : 42, size, little)
  view.setUint16(wide ? 56 : 44, 2, little)
  view.setUint32(100, 6, little)
  view.setUint32(100 + size, 3, little)
  word(100 + size + (wide ? 8 : 4), 300)
  word(100 + size + (wide ? 32 : 16), path.length + 1)
  bytes.write(path, 300, 'latin1')
  return bytes
}

test('dynamic linkers are read from files of either width and byte order', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-elf-'))
  const file = join(folder, 'program')
  try {
    for (const wide of [true, false]) {
      for (const little of [true, false]) {
        writeFileSync(file, elf(wide, little, '/lib/ld-musl-x.so.1'))
        t.is(interpreterOf(file), '/lib/ld-musl-x.so.1', `${wide} ${little}`)
      }
    }
    for (const contents of ['', '#!/bin/sh', elf(true, true, '').subarray(0, 120)]) {
      writeFileSync(file, contents)
      t.is(interpreterOf(file), undefined)
    }
    t.throws(() => interpreterOf(join(folder, 'nothing')), { code: 'ENOENT' })
    if (process.platform === 'linux') t.regex(interpreterOf('/bin/sh') ?? '', /\/ld-/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the version in the source is that of the package', (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.true(describe(here()).startsWith(`mio-js ${version} on `))
})
