import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { tuple } from '#src/platform.js'
import { obstacleTo, type Recipe, recipes } from '../../scripts/cross/recipes.js'
import { forget, keep } from '../../scripts/cross/record.js'
import { glibcFloor } from '../../scripts/inspection.js'
import { binaryName, targets } from '../../scripts/platform-packages.js'
import '../support/census.js'

const tuplesOf = (list: readonly Recipe[]): string[] => list.map(({ target }) => target.tuple)

test('every package has a recipe, and each processor of Windows a stand-in for tests', (t) => {
  const packages = targets().map((target) => target.tuple)
  t.deepEqual(tuplesOf(recipes('linux').filter(({ isStandIn }) => !isStandIn)), packages)
  const standIns = recipes('linux').filter(({ isStandIn }) => isStandIn)
  t.deepEqual(tuplesOf(standIns), ['win32-x64-gnu', 'win32-ia32-gnu', 'win32-arm64-gnullvm'])
  const windows = targets().filter(({ os }) => os === 'win32')
  t.deepEqual(
    standIns.map(({ target }) => target.cpu).toSorted(),
    windows.map(({ cpu }) => cpu).toSorted(),
  )
})

test('Linux builds everything but what needs the SDK of Microsoft, and says what it builds instead', (t) => {
  for (const recipe of recipes('linux')) {
    const obstacle = obstacleTo(recipe, 'linux')
    const { cpu, triple } = recipe.target
    if (!triple.endsWith('-msvc')) t.is(obstacle, undefined)
    else t.regex(obstacle ?? '', new RegExp(`SDK of Microsoft.*; win32-${cpu}-gnu(llvm)? has`))
  }
})

test('Windows and macOS build their own by their own tools', (t) => {
  const canBuild = (host: NodeJS.Platform): Recipe[] =>
    recipes(host).filter((recipe) => obstacleTo(recipe, host) === undefined)
  t.deepEqual(tuplesOf(canBuild('win32')), [
    'win32-x64-msvc',
    'win32-arm64-msvc',
    'win32-ia32-msvc',
  ])
  const own = canBuild('darwin').filter(({ zig }) => !zig)
  t.deepEqual(tuplesOf(own), ['darwin-x64', 'darwin-arm64'])
  for (const { environment } of own) t.is(environment['MACOSX_DEPLOYMENT_TARGET'], '11.0')
})

test('what is for glibc is linked with the oldest one that the package is for', (t) => {
  for (const { linked, target } of recipes('linux')) {
    const suffix = target.libc === 'glibc' ? `.${glibcFloor(target)}` : ''
    t.is(linked, target.triple + suffix)
  }
})

test.serial('a binary is kept with a record of it, and forgotten with it', (t) => {
  const recipe = recipes().find(({ target }) => target.tuple === tuple()) as Recipe
  const before = process.env['XDG_CACHE_HOME']
  const cache = mkdtempSync(join(tmpdir(), 'mio-js-cache-'))
  process.env['XDG_CACHE_HOME'] = cache
  try {
    const file = binaryName(recipe.target)
    const rust = { version: '1.2.3', library: 'installed', environment: {}, flags: [] }
    const record = keep(recipe, { file, rust })
    const folder = join(cache, 'mio-js', 'artifacts', tuple())
    t.deepEqual(readdirSync(folder).toSorted(), [file, 'record.json'].toSorted())
    const bytes = readFileSync(join(folder, file))
    t.true(bytes.equals(readFileSync(file)))
    t.deepEqual(JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8')), record)
    t.is(record.size, bytes.length)
    t.is(record.sha256, createHash('sha256').update(bytes).digest('hex'))
    t.regex(record.floor, /^(glibc [\d.]+|musl|macOS [\d.]+|Windows 10.*|FBSD_[\d.]+)$/)
    forget(recipe)
    t.deepEqual(readdirSync(join(cache, 'mio-js', 'artifacts')), [])
  } finally {
    if (before === undefined) delete process.env['XDG_CACHE_HOME']
    else process.env['XDG_CACHE_HOME'] = before
    rmSync(cache, { recursive: true, force: true })
  }
})
