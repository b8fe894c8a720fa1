import { readFileSync } from 'node:fs'
import test from 'ava'
import { targets, targetOf } from '../../scripts/platform-packages.js'
import { differences, isOf } from '../../scripts/platforms/differences.js'
import { pagesOf, type Platform, tierOf } from '../../scripts/platforms/page.js'
import type { RunRecord } from '../../scripts/platforms/record.js'
import { specsOf } from '../../scripts/platforms/runner.js'
import { runners } from '../../scripts/platforms/runners.js'
import { readSummary } from '../../scripts/platforms/summary.js'
import '../support/census.js'

test('the tables of platforms are as `npm run test:platforms -- --write` writes them', async (t) => {
  for (const [file, text] of await pagesOf(readSummary()))
    t.is(readFileSync(file, 'utf8'), text, file)
})

test('every platform but those that only their own systems run has a runner', (t) => {
  const run = new Set(runners.map(({ tuple }) => tuple))
  const known = targets().map(({ tuple }) => tuple)
  t.deepEqual(
    known.filter((tuple) => !run.has(tuple)),
    ['darwin-x64', 'darwin-arm64', 'win32-arm64-msvc', 'freebsd-x64'],
  )
  t.deepEqual(
    [...run].filter((tuple) => !known.includes(tuple)),
    [],
  )
})

const record: RunRecord = {
  tuple: 'linux-x64-gnu',
  runtime: 'Node.js 20.20.2',
  emulator: null,
  suites: ['mirror', 'engine', 'net'],
  passed: 1000,
  failed: 0,
  skipped: 1,
  seconds: 60,
  date: '2026-01-02T03:04:05.678Z',
}
const platform: Platform = {
  target: targetOf('x86_64-unknown-linux-gnu'),
  binary: undefined,
  isStandIn: false,
  runs: [record],
}

test('the tier of a platform is what was run, and nothing else', (t) => {
  const emulated = { ...record, emulator: 'qemu-s390x' }
  t.is(tierOf(platform), 1)
  t.is(tierOf({ ...platform, runs: [emulated, record] }), 1)
  t.is(tierOf({ ...platform, runs: [emulated] }), 2)
  t.is(tierOf({ ...platform, runs: [{ ...record, suites: ['mirror', 'engine'] }] }), 2)
  t.is(tierOf({ ...platform, isStandIn: true }), 2)
  t.is(tierOf({ ...platform, runs: [] }), 3)
  t.is(tierOf({ ...platform, runs: [record, { ...record, failed: 1 }] }), 3)
  t.is(tierOf({ ...platform, runs: [{ ...record, passed: 0 }] }), 3)
})

test('what is left out is a spec of a runner that there is', (t) => {
  t.true(Array.isArray(differences))
  for (const { runners: names, spec } of differences) {
    const found = runners.filter(({ name }) => names.some((one) => isOf(name, one)))
    t.true(found.length > 0, names.join(' '))
    t.true(
      found.some(({ suites }) => suites.flatMap((suite) => specsOf(suite)).includes(spec)),
      spec,
    )
  }
})

test('bounded runs name specs that there are', (t) => {
  for (const { bounded = [], name, suites } of runners) {
    const specs = new Set(suites.flatMap((suite) => specsOf(suite)))
    t.deepEqual(
      bounded.filter((spec) => !specs.has(spec)),
      [],
      name,
    )
  }
})
