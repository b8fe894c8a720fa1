import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { filesOf, places } from '../../benchmark/report.js'
import type { Measured } from '../../benchmark/report/comparisons.js'
import { measureAll } from '../../benchmark/report/measure.js'
import { pageOf } from '../../benchmark/report/page.js'
import { plotsOf } from '../../benchmark/report/plots.js'
import {
  type Comparison,
  type Report,
  type Sample,
  rawReport,
} from '../../benchmark/report/samples.js'
import '../support/census.js'
import { where } from '../support/platforms.js'

const isMade = existsSync(places.raw)
const made = where(isMade, `there is no ${places.raw}: npm run bench -- report`)

made(
  'docs/benchmarks.md and its plots are those of the samples: npm run bench -- report --draw',
  async (t) => {
    const report = JSON.parse(readFileSync(places.raw, 'utf8')) as Report
    for (const [file, text] of await filesOf(report, places)) {
      t.is(readFileSync(file, 'utf8'), text, file)
    }
    t.true(report.repeats >= 5)
  },
)

const servers = [
  { name: 'node:net, Node 24' },
  { name: 'mio-js/net, Node 24', against: 'node:net, Node 24' },
  { name: 'mio-js/engine, auto, Node 24', against: 'node:net, Node 24' },
  { name: 'Go', against: 'node:net, Node 24' },
]

const echo: Comparison = {
  family: 'echo',
  title: 'Echo: 200 connections × 64 B',
  unit: 'message',
  client: 'a client',
  ours: 'mio-js/engine, auto, Node 24',
  servers,
}

/** A report in which each server has these costs of its process, by repeat. */
function reportOf(
  costs: Readonly<Record<string, readonly number[]>>,
  comparisons = [echo],
): Report {
  const samples = comparisons.flatMap(({ family, x }) =>
    Object.entries(costs).flatMap(([server, values]) =>
      values.map((processMicros, repeat): Sample => ({
        family,
        ...(x === undefined ? {} : { x }),
        server,
        repeat,
        units: 1000,
        mainMicros: processMicros / 2,
        processMicros,
        unitsPerSecond: 1e6 / processMicros,
      })),
    ),
  )
  return {
    machine: {
      date: '2026-01-02',
      cpu: 'Some CPU',
      cores: 2,
      memory: '4 GiB',
      kernel: 'Linux 6',
      versions: { 'mio-js': '1.2.3', 'node 24': 'v24.1.0' },
    },
    repeats: 5,
    seconds: 1,
    missing: [{ name: 'Deno', reason: 'not on PATH' }],
    comparisons,
    samples,
  }
}

const report = reportOf({
  'node:net, Node 24': [10, 10, 11, 10, 10],
  'mio-js/net, Node 24': [8, 8, 8, 8, 8],
  'mio-js/engine, auto, Node 24': [6, 20, 6, 6, 9],
  Go: [12, 12, 12, 13, 12],
})

/** The row of a server: its cells. */
function rowOf(page: string, name: string): string[] {
  const line = page.split('\n').find((one) => one.startsWith(`| ${name} `))
  return (line ?? '').split('|').map((cell) => cell.trim())
}

test('the page says where, when and with what, and what is missing', (t) => {
  const page = pageOf(report, 'images')
  for (const text of ['2026-01-02', 'Some CPU, 2 cores', 'Linux 6', 'mio-js 1.2.3', 'v24.1.0']) {
    t.true(page.includes(text), text)
  }
  t.true(page.includes('Not measured: Deno (not on PATH).'))
  t.true(page.includes('Asked by a client.'))
  t.true(page.includes('![Echo: CPU of the servers](images/benchmark-echo.svg)'))
})

test('ratios are there if the repeats carry them, and refused if not', (t) => {
  const page = pageOf(report, 'images')
  const [, , , , , cost, ratio] = ['', ...rowOf(page, 'mio-js/net, Node 24')]
  t.is(cost, '8.00 (8.00–8.00)')
  t.is(ratio, '0.80 (0.73–0.80) ×')
  t.true(rowOf(page, 'mio-js/engine, auto, Node 24').includes('unclear: 0.55 to 2.00'))
  t.is(rowOf(page, 'node:net, Node 24')[3], '1')
})

test('what loses is listed, against Node and against other runtimes, and nothing else is', (t) => {
  t.true(pageOf(report, 'images').includes('none says that mio-js was worse in every repeat'))
  const slow = reportOf({
    'node:net, Node 24': [10, 10, 10, 10, 10],
    'mio-js/net, Node 24': [12, 12, 12, 12, 12],
    'mio-js/engine, auto, Node 24': [6, 6, 6, 6, 6],
    Go: [5, 5, 5, 5, 5],
  })
  const page = pageOf(slow, 'images')
  const [, losses = ''] = page.split('## What loses')
  const rows = (losses.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| Echo'))
  const cells = rows.map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(2, 6),
  )
  t.deepEqual(cells, [
    ['mio-js/net, Node 24', 'node:net, Node 24', 'CPU of the main thread', '1.20 (1.20–1.20) ×'],
    ['mio-js/net, Node 24', 'node:net, Node 24', 'CPU of the process', '1.20 (1.20–1.20) ×'],
    ['mio-js/net, Node 24', 'node:net, Node 24', 'rate', '0.83 (0.83–0.83) ×'],
    ['mio-js/engine, auto, Node 24', 'Go', 'CPU of the process', '1.20 (1.20–1.20) ×'],
    ['mio-js/engine, auto, Node 24', 'Go', 'rate', '0.83 (0.83–0.83) ×'],
  ])
})

test('bars have their spread, and lines go along what grows', (t) => {
  const growing = [1, 10, 100].map((x): Comparison => ({
    ...echo,
    family: 'connections',
    x,
    title: `Echo: ${x} connections × 64 B`,
  }))
  const plots = plotsOf(
    reportOf({ 'node:net, Node 24': [10, 12, 14, 10, 10], Go: [5, 5, 5, 5, 5] }, [
      echo,
      ...growing,
    ]),
  )
  t.deepEqual([...plots.keys()], ['benchmark-echo.svg', 'benchmark-connections.svg'])
  const drawn = plots.get('benchmark-echo.svg')!
  t.is(drawn.match(/<rect /g)?.length, 4, 'a bar for the thread and one for the process, of each')
  t.is(drawn.match(/<path d="M[\d.]+ [\d.]+H[\d.]+"/g)?.length, 2, 'the range of each')
  const lines = plots.get('benchmark-connections.svg')!
  t.true(lines.includes('>100</text>') && lines.includes('>Go</text>'))
})

test('each repeat goes through all servers, and each is first once', async (t) => {
  const asked: string[] = []
  const names = ['a', 'b', 'c']
  const comparison: Measured = {
    ...echo,
    servers: names.map((name) => ({ name })),
    commands: new Map(names.map((name) => [name, { command: [name] }])),
    measure: async ({ command: [name = ''] }) => {
      asked.push(name)
      if (asked.length === 5) throw new Error('out of order')
      return { units: 1, mainMicros: 1, processMicros: 2 }
    },
  }
  const told: string[] = []
  const absent: Measured = { ...comparison, family: 'http', missing: 'there is no wrk' }
  const samples = await measureAll([comparison, absent], 3, { seconds: 1, warmup: 0 }, (text) => {
    told.push(text)
  })
  t.deepEqual(asked, ['a', 'b', 'c', 'b', 'c', 'a', 'c', 'a', 'b'])
  t.is(samples.length, 9)
  t.deepEqual(
    samples.filter(({ error }) => error !== undefined),
    [{ family: 'echo', server: 'c', repeat: 1, error: 'out of order' }],
  )
  t.true(told.some((text) => text.includes('c failed: out of order')))
  t.true(told.some((text) => text.includes('there is no wrk')))
})

test('a run that failed is said, and is in no figure', (t) => {
  const { samples, ...rest } = report
  const failed: Sample = { family: 'echo', server: 'Go', repeat: 4, error: 'it ended early' }
  const whole = {
    ...rest,
    samples: [...samples.filter((one) => !(one.server === 'Go' && one.repeat === 4)), failed],
  }
  const page = pageOf(whole, 'images')
  t.true(page.includes('Runs that failed: Go: it ended early.'))
  t.true(rowOf(page, 'Go').includes('12.00 (12.00–13.00)'))
})

test('the raw samples are one a line, and all that the page is made of', (t) => {
  const text = rawReport(report)
  t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(report)))
  t.is(
    text.split('\n').filter((line) => line.startsWith('{"family"')).length,
    report.samples.length,
  )
  t.is(path.extname(places.raw), '.json')
})
