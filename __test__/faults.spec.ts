/** docs/faults.md names what exists: each fault has a test, and each test stands where it says. */
import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import {
  Log,
  commandOf,
  isIn,
  missingIn,
  pathOf,
  readTable,
  sectionsOf,
} from '../scripts/faults-table.js'
import './support/census.js'

const faults = readTable()

/** Whether `npm run test:large` runs a spec. */
const isLarge = (file: string): boolean =>
  readFileSync('large.config.js', 'utf8')
    .replaceAll('large/*.spec.js', 'large/writes.spec.js')
    .includes(`/${file}.spec.js`)

test('faults are numbered, and each says what is tried and what comes of it', (t) => {
  t.true(faults.length > 100)
  t.deepEqual(
    faults.map(({ number }) => number),
    faults.map((_, index) => index + 1),
  )
  for (const { number, what, outcome } of faults) {
    t.true(what !== '' && outcome !== '', `${number}`)
  }
})

test('each fault has a test, and all that are named exist', (t) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  for (const { number, tests } of faults) {
    t.true(tests.length > 0, `${number} has none`)
    for (const named of tests) {
      const path = pathOf(named)
      const what = `${number}: ${named.file} › ${named.title}`
      t.true(existsSync(path) && isIn(readFileSync(path, 'utf8'), named), what)
      t.true(named.command in scripts, `${number}: npm run ${named.command}`)
      // What is slow, or large, is not run by `npm test`.
      if (path.startsWith('__test__') && named.command !== 'test:large') {
        t.is(named.command, commandOf(named.file), what)
      }
      if (named.command === 'test:large') {
        t.true(isLarge(named.file), what)
      }
    }
  }
})

test('what `npm test` prints is compared with the names of the page', (t) => {
  const log = new Log()
  log.readTap('ok 1 - engine › write › thread: 5 writes (of any size) arrive')
  log.readTap('ok 2 - udp › a flood is taken (no root) # SKIP')
  log.readTap('not ok 3 - net › write › it fails')
  log.readCargo('test engine::tests::a_lane_rests ... ok')
  const said = (file: string, title: string): unknown => log.find({ command: 'test', file, title })
  t.is(said('engine/write', '… writes (of any size) arrive'), 'ran')
  t.is(said('engine/write', '5 writes (of any size) arrive'), 'ran')
  t.is(said('engine/write', 'writes (of any size) arrive'), undefined)
  t.is(said('write', '… writes (of any size) arrive'), undefined)
  t.is(said('udp', 'a flood is taken'), 'skipped')
  t.is(said('net/write', 'it fails'), 'ran')
  t.is(said('core/src/engine/lane.rs', 'a_lane_rests'), 'ran')
  t.is(said('core/src/engine/lane.rs', 'a_lane'), undefined)
})

test('what other commands print is compared as well, if they have run', (t) => {
  const rows = [
    '| 1 | loss | whole | `npm run test:network`: `network/loss` › … % are lost |',
    '| 2 | calls | no harm | `npm run test:faults`: `scripts/faults/scenarios/net.ts`<br>`npm run soak`: `scripts/soak/soak.ts` |',
  ]
  const page = readTable(rows.join('\n'))
  const banner = (name: string): string => `> mio-js@1.2.3 ${name}\n> ava\n`
  const all = `${banner('test:network')}  ✔ loss › net: 5 % are lost\n${banner('test:faults')}net, auto, uv: 180 runs\n`
  t.is(missingIn(page, sectionsOf(all)).asked.length, 2)
  t.deepEqual(missingIn(page, sectionsOf(all)).missing, [])
  const none = sectionsOf(
    `${banner('test:network')}${banner('test:faults')}http, auto, uv: 180 runs\n`,
  )
  t.deepEqual(
    missingIn(page, none).missing.map(({ command }) => command),
    ['test:network', 'test:faults'],
  )
})
