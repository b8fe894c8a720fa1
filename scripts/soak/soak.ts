/**
 * Thousands of idle connections, others that come and go, and some that echo, for as long as is
 * wanted: a server of the engine with clients of `mio-js/net`, and one of `mio-js/net` with clients of
 * the engine, at the same time. Samples each second what the four processes hold and what was missed;
 * fails when something grows, is missed, or is left at the end. Linux only.
 *
 * usage: npm run soak -- [--minutes 2] [--idle 10000] [--churn 100] [--echo 50] [--waking 50]
 *                        [--save FOLDER]
 *
 * `--save` writes `soak.svg` and `soak.json` there.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../../benchmark/machine.js'
import { Pair } from './pair.js'
import { plotOf, rawOf, show } from './report.js'
import { growths } from './verdict.js'

const { values: options } = parseArgs({
  options: {
    churn: { type: 'string', default: '100' },
    echo: { type: 'string', default: '50' },
    idle: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '2' },
    save: { type: 'string' },
    waking: { type: 'string', default: '50' },
  },
})

function numberOf(option: 'churn' | 'echo' | 'idle' | 'minutes' | 'waking'): number {
  const value = Number(options[option])
  if (value > 0 && Number.isFinite(value)) return value
  throw new Error(`--${option} ${options[option]} is not a positive number`)
}

if (process.platform !== 'linux') throw new Error('what processes hold is told by Linux alone')
const minutes = numberOf('minutes')
const plan = {
  idle: numberOf('idle'),
  waking: numberOf('waking'),
  echoing: numberOf('echo'),
  churn: numberOf('churn'),
}
// The others, and those that are about to be closed.
const descriptors = plan.idle + plan.echoing + 10 * plan.churn + 200
const pairs = [
  new Pair('engine ← net', 'auto', 'net', descriptors),
  new Pair('net ← engine', 'net', 'auto', descriptors),
]

async function soak(): Promise<string[]> {
  for (const pair of pairs) await pair.begin(plan)
  console.log(`${plan.idle} connections to each of ${pairs.length} servers, ${minutes} minutes`)
  const begun = performance.now()
  for (let second = 0; second <= minutes * 60; second += 1) {
    const wait = begun + second * 1_000 - performance.now()
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(wait, 0))
    })
    // A machine that is busy may be late.
    const now = (performance.now() - begun) / 1_000
    await Promise.all(pairs.map(async (pair) => pair.sample(now)))
    if (second > 0 && second % 60 === 0) {
      const missed = pairs.map(({ samples }) => samples.at(-1)!.missed)
      console.log(`${second / 60} minutes, missed: ${missed.join(', ')}`)
    }
  }
  const ended = await Promise.all(pairs.map(async (pair) => pair.end()))
  return ended.flat()
}

try {
  const faults = await soak()
  const grown = pairs.map(({ samples }) => growths(samples))
  for (const [index, pair] of pairs.entries()) {
    console.log(show(pair, grown[index]!))
    const leaks = grown[index]!.filter(({ isLeak }) => isLeak)
    faults.push(...leaks.map(({ end, quantity }) => `${pair.name}: ${quantity} of the ${end} grow`))
  }
  if (options.save !== undefined) {
    mkdirSync(options.save, { recursive: true })
    const where = machine()
    const title = `${plan.idle.toLocaleString('en')} idle connections to each server`
    const about = [
      `${plan.churn} more come and go each second, ${plan.echoing} echo.`,
      `${where.date} · ${where.cpu}, ${where.cores} cores · ${where.kernel}`,
    ]
    writeFileSync(join(options.save, 'soak.svg'), plotOf(pairs, title, about))
    writeFileSync(join(options.save, 'soak.json'), rawOf(pairs, where, { minutes, ...plan }, grown))
  }
  for (const fault of faults) console.error(fault)
  console.log(faults.length === 0 ? 'nothing grows, nothing was missed' : 'soak failed')
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  await Promise.all(pairs.map(async (pair) => pair.kill()))
}
