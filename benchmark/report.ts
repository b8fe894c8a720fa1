/**
 * Every comparison, by one command: `node:net` of several versions of Node, Bun, Deno, Go and mio in
 * Rust against this package. Runtimes are found by NODE20=…, NODE24=…, NODE26=…, BUN=…, DENO=…, on PATH, and
 * where `npm run tools` installs them; what is missing is named.
 *
 * Writes the raw samples to `results/report.json`, and from these the page `docs/benchmarks.md` with its
 * plots; a test holds the page against the samples. `--quick` only shows that everything works, and writes to
 * `build/report/`. `--draw` measures nothing, and makes the page anew.
 *
 * usage: report.js [--repeats 5] [--seconds 1] [--only echo,http,redis,connections,size,threads]
 *                  [--quick] [--draw]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { versions } from './http/versions.js'
import { describe, machine } from './machine.js'
import { comparisons, families } from './report/comparisons.js'
import { measureAll } from './report/measure.js'
import { pageOf } from './report/page.js'
import { plotsOf } from './report/plots.js'
import { findRuntimes, versionsOf } from './report/runtimes.js'
import { type Report, rawReport } from './report/samples.js'
import { numberOf } from './statistics.js'

/** Where things are written. */
interface Places {
  readonly raw: string
  readonly page: string
  readonly images: string
}

export const places: Places = {
  raw: 'benchmark/results/report.json',
  page: 'docs/benchmarks.md',
  images: 'docs/images',
}
const quickPlaces: Places = {
  raw: 'build/report/report.json',
  page: 'build/report/benchmarks.md',
  images: 'build/report/images',
}

/** Fewer say nothing about chance. */
const leastRepeats = 5

/** The page, and each plot, by the files that they belong into. */
export async function filesOf(
  report: Report,
  { images, page }: Places,
): Promise<Map<string, string>> {
  const style = await resolveConfig(page)
  const text = await format(pageOf(report, 'images'), { ...style, parser: 'markdown' })
  const files = new Map([[page, text]])
  for (const [name, svg] of plotsOf(report)) files.set(join(images, name), svg)
  return files
}

async function measure(): Promise<Report> {
  const { values: options } = parseArgs({
    options: {
      draw: { type: 'boolean', default: false },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      repeats: { type: 'string' },
      seconds: { type: 'string' },
    },
  })
  const { draw, quick } = options
  if (draw) return JSON.parse(readFileSync(places.raw, 'utf8')) as Report
  const repeats = numberOf('--repeats', options.repeats ?? (quick ? '1' : String(leastRepeats)))
  const seconds = numberOf('--seconds', options.seconds ?? (quick ? '0.1' : '1'))
  const only = options.only?.split(',') ?? families
  const unknown = only.filter((name) => !families.some((family) => family === name))
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join()}; there are ${families.join()}`)
  const scratch = mkdtempSync(join(tmpdir(), 'mio-js-report-'))
  try {
    const runtimes = findRuntimes(scratch)
    const { wrk, Redis } = versions()
    const clients = {
      ...(wrk === undefined ? {} : { wrk }),
      ...(Redis === undefined ? {} : { Redis }),
    }
    const { versions: here, ...rest } = machine()
    const { node: _here, ...ours } = here
    const where = { ...rest, versions: { ...ours, ...versionsOf(runtimes), ...clients } }
    console.log(describe(where))
    for (const { name, reason } of runtimes.missing) console.log(`not measured: ${name}, ${reason}`)
    const chosen = comparisons(runtimes, quick).filter(({ family }) => only.includes(family))
    const settings = { seconds, warmup: Math.min(0.5, seconds) }
    const samples = await measureAll(chosen, repeats, settings, (text) => console.error(text))
    const compared = chosen.map(({ commands: _commands, measure: _measure, ...one }) => one)
    return {
      machine: where,
      repeats,
      seconds,
      missing: runtimes.missing,
      comparisons: compared,
      samples,
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

async function write(report: Report, to: Places): Promise<void> {
  const files = new Map([[to.raw, rawReport(report)], ...(await filesOf(report, to))])
  for (const [file, text] of files) {
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${file}`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const report = await measure()
  const isWhole =
    report.repeats >= leastRepeats &&
    families.every((family) => report.comparisons.some((one) => one.family === family))
  console.log(`\n${pageOf(report, 'images')}`)
  if (!isWhole)
    console.log('This says only that everything works: too few repeats, or not everything.')
  await write(report, isWhole ? places : quickPlaces)
  const failed = report.samples.filter(({ error }) => error !== undefined)
  if (failed.length > 0) process.exitCode = 1
}
