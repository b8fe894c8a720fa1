/**
 * What a process holds: compared after each test file with what it held before. Importing this
 * module checks the file that imports it.
 */
import { readFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import test from 'ava'
import { native } from '#src/binding.js'
import { until } from './until.js'

interface Census {
  /** Open pollers and sources of this thread. */
  objects: number
  descriptors: number
  threads: number
}

async function count(path: string): Promise<number> {
  return process.platform === 'linux' ? (await readdir(path)).length : 0
}

async function census(): Promise<Census> {
  return {
    objects: native.census(),
    descriptors: await count('/proc/self/fd'),
    threads: await count('/proc/self/task'),
  }
}

let baseline: Census
const preparations: (() => Promise<void>)[] = []

/** Has something done first that stays with the process, and so belongs to the baseline. */
export function beforeCensus(prepare: () => Promise<void>): void {
  preparations.push(prepare)
}

test.before('counts what the process holds', async (t) => {
  // Node starts the threads of its pool with the first uses of it, and keeps them; with musl its
  // first socket opens a source of random numbers, too.
  await Promise.all(Array.from({ length: 8 }, async () => readFile(import.meta.filename)))
  await new Promise<void>((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => server.close(() => resolve()))
  })
  for (const prepare of preparations) await prepare()
  baseline = await census()
  t.pass()
})

test.after.always('nothing is left open', async (t) => {
  await until('the census is back at its baseline', async () => {
    const now = await census()
    return (
      now.objects <= baseline.objects &&
      now.descriptors <= baseline.descriptors &&
      now.threads <= baseline.threads
    )
  }).catch(async (error: Error) => {
    const now = JSON.stringify(await census())
    throw new Error(`${now} is more than ${JSON.stringify(baseline)}`, { cause: error })
  })
  t.pass()
})
