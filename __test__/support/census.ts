/**
 * What a process holds: compared after each test file with what it held before. Importing this
 * module checks the file that imports it.
 */
import { spawnSync } from 'node:child_process'
import { readFile, readdir, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import test from 'ava'
import { native } from '#src/binding.js'
import { until } from './until.js'
import { isBun, isDeno, isNode } from './runtime.js'

interface Census {
  /** Open pollers and sources of this thread. */
  objects: number
  /** What each descriptor is open for. */
  descriptors: string[]
  threads: string[]
}

async function names(path: string): Promise<string[]> {
  return process.platform === 'linux' ? readdir(path) : []
}

/** Unix sockets that have no name. */
async function unnamedSockets(): Promise<Set<string>> {
  const rows = (await readFile('/proc/self/net/unix', 'latin1')).split('\n').slice(1)
  const columns = rows.map((row) => row.trim().split(/\s+/))
  return new Set(columns.filter(({ length }) => length === 7).map((row) => `socket:[${row[6]}]`))
}

/**
 * Descriptors of this process. Some builds of Node take the random numbers of names' look-ups from a
 * file that they keep open. Deno opens its cache when it likes, keeps of each worker that loads an
 * addon what woke its event loop, and of each that it ends while it is blocked the sockets of that
 * loop, which are unnamed: there, pollers are counted as objects alone, and such sockets are not.
 */
async function descriptors(): Promise<string[]> {
  const found = await names('/proc/self/fd')
  const all = await Promise.all(
    found.map(async (name) => {
      const target = await readlink(`/proc/self/fd/${name}`).catch(() => 'closed')
      return `${name} ${target}`
    }),
  )
  const targets = all.filter((target) => !target.endsWith(' /dev/urandom'))
  if (!isDeno) return targets
  const unnamed = await unnamedSockets()
  const cache = process.env['DENO_DIR']
  return targets.filter((target) => {
    const file = target.slice(target.indexOf(' ') + 1)
    if (file.startsWith('anon_inode:[event') || unnamed.has(file)) return false
    return cache === undefined || !file.startsWith(cache)
  })
}

/**
 * Threads of this process. Node's stay what they are, once they were all used; Bun and Deno start
 * and end theirs as they like, so there only those count that are ours by their names.
 */
async function threads(): Promise<string[]> {
  const found = await names('/proc/self/task')
  const all = await Promise.all(
    found.map(async (id) => {
      const name = await readFile(`/proc/self/task/${id}/comm`, 'latin1').catch(() => 'ended')
      return `${id} ${name.trim()}`
    }),
  )
  return isNode ? all : all.filter((thread) => thread.includes(' mio-js-'))
}

async function census(): Promise<Census> {
  return {
    objects: native.census(),
    descriptors: await descriptors(),
    threads: await threads(),
  }
}

function ignore(): void {}

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
  // Bun keeps what it waits for a child with, and copies of the standard streams, which any `pipe`
  // looks at; Deno what tells it of signals.
  if (isBun) {
    spawnSync(process.execPath, ['--version'])
    t.truthy([process.stdout, process.stderr])
  }
  if (isDeno) process.once('SIGUSR2', ignore).off('SIGUSR2', ignore)
  for (const prepare of preparations) await prepare()
  baseline = await census()
  t.pass()
})

test.after.always('nothing is left open', async (t) => {
  let now = baseline
  await until('the census is back at its baseline', async () => {
    now = await census()
    return (
      now.objects <= baseline.objects &&
      now.descriptors.length <= baseline.descriptors.length &&
      now.threads.length <= baseline.threads.length
    )
  }).catch((error: Error) => {
    const opened = now.descriptors.filter((one) => !baseline.descriptors.includes(one))
    const started = now.threads.filter((one) => !baseline.threads.includes(one))
    const counts = `${now.objects} objects (before: ${baseline.objects})`
    const lists = `opened: ${opened.join(', ')}; started: ${started.join(', ')}`
    throw new Error(`${counts}, ${lists}`, { cause: error })
  })
  t.pass()
})
