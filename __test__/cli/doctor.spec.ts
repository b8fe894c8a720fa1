import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { binary } from '#src/binding.js'
import type { Diagnosis } from '#src/cli/doctor.js'
import { tuple } from '#src/platform.js'
import { version } from '#src/version.js'
import '../support/census.js'
import { mioJs } from '../support/cli.js'
import { inOwnNetwork } from '../support/network.js'

/** The loopback has no address then, and nobody can listen there. */
const down = ['ip address flush dev lo']
const doors = [
  'mio-js, blocking poll',
  'mio-js, pollAsync',
  'mio-js, datagrams',
  'mio-js/engine, inline',
  'mio-js/engine, thread',
  'mio-js/engine, auto',
  'mio-js/net',
  'mio-js/http',
]

async function diagnosis(
  t: ExecutionContext,
  env: NodeJS.ProcessEnv = {},
  program?: string,
): Promise<Diagnosis & { code: number | null }> {
  const { code, stderr, stdout } = await mioJs(['doctor', '--json'], env, program)
  t.is(stderr, '')
  return { ...(JSON.parse(stdout) as Diagnosis), code }
}

test('doctor says what there is, and that every door works', async (t) => {
  const { code, ...found } = await diagnosis(t)
  t.is(code, 0)
  t.true(found.ok)
  t.is(found.version, version)
  t.deepEqual(found.runtime, { name: 'node', version: process.versions.node })
  t.is(found.platform.tuple, tuple())
  t.deepEqual(found.binary, { file: binary, version, bytes: statSync(binary).size })
  t.deepEqual(
    found.checks.map(({ error, name }) => [name, error]),
    doors.map((name) => [name, undefined]),
  )
  t.true(found.checks.every(({ milliseconds }) => milliseconds > 0))
  t.true(found.limits.cores >= found.limits.available)
})

test('doctor says the same in words', async (t) => {
  const { code, stderr, stdout } = await mioJs(['doctor'])
  t.deepEqual([code, stderr], [0, ''])
  for (const text of [`mio-js ${version} on `, binary, tuple(), 'Everything works.', ...doors]) {
    t.true(stdout.includes(text), `${text} in ${stdout}`)
  }
  t.false(stdout.includes('\u001B'), 'nothing is coloured where nobody watches')
})

test('doctor says what the environment has chosen', async (t) => {
  const { defaults } = await diagnosis(t, { MIO_JS_IO: 'inline', MIO_JS_WAKE: 'thread' })
  t.deepEqual(defaults, { io: 'inline', wake: 'thread' })
  const { stdout } = await mioJs(['doctor'], { MIO_JS_IO: 'thread' })
  t.regex(stdout, /^driver +thread \(MIO_JS_IO\)$/m)
})

test('doctor fails where the environment asks for what there is not', async (t) => {
  const { binary: found, checks, code, ok } = await diagnosis(t, { MIO_JS_IO: 'quickly' })
  t.deepEqual([code, ok, checks], [1, false, []])
  t.regex((found as { error: string }).error, /'inline', 'thread' or 'auto'.*quickly/)
})

inOwnNetwork('doctor fails at each door where there is no loopback', down, async (t, inside) => {
  const { checks, ok } = (await inside('doctor')) as Diagnosis
  t.false(ok)
  t.deepEqual(
    checks.map(({ name }) => name),
    doors,
  )
  for (const { error, name } of checks) t.regex(error ?? '', /EADDRNOTAVAIL/, name)
})

test('doctor without a binary says what to do, and fails', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-doctor-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const bare = path.join(folder, 'node_modules/mio-js')
  mkdirSync(bare, { recursive: true })
  cpSync('dist', path.join(bare, 'dist'), { recursive: true })
  cpSync('package.json', path.join(bare, 'package.json'))
  const program = path.join(bare, 'dist/src/cli/main.js')
  const found = await diagnosis(t, {}, program)
  t.deepEqual([found.code, found.ok, found.checks], [1, false, []])
  t.regex((found.binary as { error: string }).error, /is not installed\nUsual causes:/)
  t.is(found.platform.tuple, tuple())
  const { code, stdout } = await mioJs(['doctor'], {}, program)
  t.is(code, 1)
  t.true(stdout.includes('Usual causes:') && stdout.includes('Something does not work.'))
})

test('what is no command, or no option, is said with the usage', async (t) => {
  for (const [args, reason] of [
    [['heal'], /^mio-js: there is no command heal\n/],
    [['doctor', '--jsn'], /^mio-js: Unknown option '--jsn'/],
    [['doctor', 'me'], /^mio-js: Unexpected argument 'me'/],
    [['bench', '--repeats', 'many'], /^mio-js: --repeats must be a number from 1 to 1000/],
    [[], /^usage: mio-js doctor/],
  ] as const) {
    const { code, stderr, stdout } = await mioJs(args)
    t.deepEqual([code, stdout], [2, ''])
    t.regex(stderr, reason)
    t.regex(stderr, /^(?:usage:)? +mio-js bench /m)
  }
  const help = await mioJs(['doctor', '--help'])
  t.deepEqual([help.code, help.stderr], [0, ''])
  t.regex(help.stdout, /^usage: /)
  t.deepEqual(await mioJs(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})
