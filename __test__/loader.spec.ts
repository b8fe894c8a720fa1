import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { native } from '#src/binding.js'
import { load } from '#src/loader.js'
import { here, packageName, type Platform } from '#src/platform.js'
import { version } from '#src/version.js'
import './support/census.js'

const platform: Platform = { platform: 'linux', arch: 'x64', libc: 'glibc', tuple: 'linux-x64-gnu' }

interface NotFound extends Error {
  code: string
  cause?: { code?: string }
  tuple: string
  libc: string | undefined
  tried: { file: string; reason: string }[]
}

/** A project with a package in `node_modules/mio-js`, to which files are added. */
class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'mio-js-loader-'))
  readonly root = join(this.folder, 'node_modules/mio-js')

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }))
    this.write('node_modules/mio-js/package.json', '{ "name": "mio-js" }')
    // Deno looks from folders that are there.
    this.write('node_modules/mio-js/dist/src/binding.js', '')
  }

  write(path: string, contents: string): string {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, contents)
    return file
  }

  /** The package of a platform, whose binary is a module with the code that is given. */
  install(tuple: string, manifest: object, code: string): string {
    const name = `node_modules/${packageName(tuple)}`
    this.write(`${name}/package.json`, JSON.stringify({ main: 'binary.js', ...manifest }))
    return this.write(`${name}/binary.js`, code)
  }

  load(of = platform, from = 'node_modules/mio-js/dist/src/binding.js'): unknown {
    return load(createRequire(join(this.folder, from)), of).native
  }

  fail(t: ExecutionContext, of = platform): NotFound {
    const error = t.throws<NotFound>(() => this.load(of) as never, {
      code: 'ERR_MIO_BINDING_NOT_FOUND',
    }) as NotFound
    t.true(error instanceof Error)
    t.regex(error.message, /^No binary could be loaded: mio-js \S+ on linux x64/)
    for (const { file, reason } of error.tried) t.true(error.message.includes(`${file} ${reason}`))
    return error
  }
}

const good = `module.exports = { version: ${JSON.stringify(version)}, installed: true }`
const name = packageName(platform.tuple)

test('the package of the platform is loaded', (t) => {
  const project = new Project(t)
  project.install(platform.tuple, { version }, good)
  t.like(project.load(), { installed: true })
})

const links = process.platform === 'win32' ? test.skip : test

links('what a clone has built goes first (Windows: links need a privilege there)', (t) => {
  const project = new Project(t)
  project.install(here().tuple, { version }, good)
  const file = `mio-js.${here().tuple}.node`
  symlinkSync(resolve(file), join(project.root, file))
  t.is(project.load(here()), native)
})

test('a build that does not load leaves the package of the platform', (t) => {
  const broken = (): [Project, string] => {
    const project = new Project(t)
    return [project, project.write('node_modules/mio-js/mio-js.linux-x64-gnu.node', 'no binary')]
  }
  const [alone, built] = broken()
  const { tried } = alone.fail(t)
  t.is(tried.length, 2)
  t.is(tried[0]?.file, built)
  t.regex(tried[0]?.reason ?? '', /^cannot be loaded: /)
  const [both] = broken()
  both.install(platform.tuple, { version }, good)
  t.like(both.load(), { installed: true })
})

test('a file of that name above a bundle is not ours, and is not loaded', (t) => {
  const project = new Project(t)
  project.write('package.json', '{ "name": "somebody" }')
  project.write('mio-js.linux-x64-gnu.node', 'no binary')
  const error = t.throws<NotFound>(() => project.load(platform, 'dist/src/bundle.js') as never)
  t.deepEqual(error?.tried, [{ file: name, reason: 'is not installed' }])
})

test('a missing package is told with the usual causes', (t) => {
  const error = new Project(t).fail(t)
  t.deepEqual(error.tried, [{ file: name, reason: 'is not installed' }])
  t.like(error, { libc: 'glibc', tuple: 'linux-x64-gnu', cause: { code: 'MODULE_NOT_FOUND' } })
  for (const word of ['--no-optional', '--omit=optional', 'lock file', 'npm/cli#4828', name]) {
    t.true(error.message.includes(word), word)
  }
})

test('packages of other platforms are named', (t) => {
  const project = new Project(t)
  project.install('darwin-arm64', { version }, good)
  project.install('linux-x64-musl', { version }, good)
  const { message } = project.fail(t)
  t.true(message.includes('Installed for other platforms: linux-x64-musl, darwin-arm64.'))
  t.true(message.includes('node_modules comes from another platform'))
})

test('a platform without a package is told which have one', (t) => {
  const { message } = new Project(t).fail(t, { ...platform, tuple: 'linux-loong64-gnu' })
  t.true(message.includes('There is no package for linux-loong64-gnu; there are: linux-x64-gnu, '))
  t.true(message.includes('CONTRIBUTING.md'))
})

test('a package of another version is refused before its code runs', (t) => {
  for (const other of ['99.0.0', `${version}-beta.1`, `v${version}`, undefined]) {
    const project = new Project(t)
    project.install(platform.tuple, { version: other }, 'throw new Error("has run")')
    const error = project.fail(t)
    const reason = `has version ${other}, and mio-js ${version} needs ${version}`
    t.deepEqual(error.tried, [{ file: name, reason }])
    t.true(error.message.includes('nothing pins or overrides the platform package'))
  }
})

test('a binary of another version than its package says is refused', (t) => {
  const project = new Project(t)
  project.install(platform.tuple, { version }, 'module.exports = { version: "0.0.1" }')
  t.regex(project.fail(t).tried[0]?.reason ?? '', /^has version 0\.0\.1, /)
})

test('a binary that the system does not load is told with the reason', (t) => {
  const cases: [code: string, advice: RegExp][] = [
    [`new Error("version 'GLIBC_2.34' not found (required by x)\\nmore")`, /C library of this sys/],
    [`Object.assign(new Error('no'), { code: 'ERR_DLOPEN_DISABLED' })`, /needs --allow-addons/],
    [`new Error('Requires ffi access, run again with the --allow-ffi flag')`, /^Deno needs --all/m],
    [`new Error('invalid ELF header')`, /^Install again, on the platform that runs it\.$/m],
    [`'a string'`, /^Install again, on/m],
  ]
  for (const [thrown, advice] of cases) {
    const project = new Project(t)
    const file = project.install(platform.tuple, { version }, `throw ${thrown}`)
    const error = project.fail(t)
    t.is(error.tried.length, 1)
    t.true(error.tried[0]?.file.endsWith(file.slice(project.folder.length)))
    t.regex(error.tried[0]?.reason ?? '', /^cannot be loaded: [^\n]+$/)
    t.regex(error.message, advice)
    t.true('cause' in error)
  }
  const project = new Project(t)
  project.install('linux-x64-musl', { version }, 'throw new Error("symbol not found")')
  const musl = project.fail(t, { ...platform, libc: 'musl', tuple: 'linux-x64-musl' })
  t.regex(musl.message, /musl 1\.2 or newer/)
})

test('a package whose manifest cannot be read is told so', (t) => {
  const project = new Project(t)
  project.write(`node_modules/${name}/package.json`, '{ broken')
  t.regex(project.fail(t).tried[0]?.reason ?? '', /^cannot be read: /)
})

test('no environment variable loads other code', (t) => {
  const project = new Project(t)
  const evil = project.write('evil.js', 'module.exports = { evil: true }')
  const variables = ['NAPI_RS_NATIVE_LIBRARY_PATH', 'MIO_JS_BINDING', 'MIO_JS_NATIVE']
  for (const variable of variables) process.env[variable] = evil
  t.teardown(() => {
    for (const variable of variables) delete process.env[variable]
  })
  t.deepEqual(project.fail(t).tried, [{ file: name, reason: 'is not installed' }])
})
