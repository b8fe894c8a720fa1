/**
 * Workers that come and go, and processes that exit, by every door: see docs/reliability.md.
 *
 * usage: npm run test:workers [-- --bounded] [--door NAME] [--part loads|terminates|exits|main]
 *
 * Each line is one process of __test__/programs. It fails if one ends by a signal or with another
 * code, if something takes 2 seconds or more, or if descriptors, threads or memory are left.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Outcome, run } from '../__test__/support/child.js'
import type { Held } from '../__test__/support/workers.js'

const { values } = parseArgs({
  options: {
    bounded: { type: 'boolean', default: false },
    door: { type: 'string' },
    part: { type: 'string' },
  },
})

/** Milliseconds that an end may take. */
const limit = 2000
/** Megabytes that hundreds of workers may leave: a tenth of one for each would be more. */
const memory = 32

const drivers = ['inline', 'thread', 'auto'] as const
/** Where the engine runs, for each door that has one; a bounded run tries one way. */
const ways: Record<string, readonly string[]> = {
  mirror: ['auto'],
  engine: values.bounded ? ['thread'] : drivers,
  net: values.bounded ? ['auto'] : drivers,
  http: values.bounded ? ['inline'] : drivers,
}

/** The last one is shared by the ways of a door. */
const [sequence, atOnce, times] = values.bounded ? [10, 10, 6] : [200, 50, 500]

function onUnix(...names: string[]): string[] {
  return process.platform === 'win32' ? [] : names
}

/** What a worker does when it is terminated, and when the main thread exits. */
const stages: Record<string, readonly string[]> = {
  mirror: ['begin', 'poll', ...onUnix('uv', 'many'), 'thread', 'callback', 'flood', 'blocking'],
  engine: ['begin', 'idle', 'listen', 'connect', 'handler', 'flood', 'close'],
  net: ['begin', 'listen', 'connect', 'handler', 'flood', 'close', ...onUnix('bound')],
  http: ['begin', 'listen', 'handler', 'flood', 'close', ...onUnix('native')],
}

/** Where a program calls `process.exit`. */
const places: Record<string, readonly string[]> = {
  mirror: [
    'accept',
    ...onUnix('read', 'pipe'),
    'receive',
    'try',
    'getter',
    'wait',
    'abort',
    'waiting',
    'shared',
  ],
  engine: ['factory', 'open', 'data', 'drain', 'end', 'timeout', 'close', 'cork', 'filter'],
  net: ['listening', 'connection', 'connect', 'data', 'write', 'end', 'finish', 'close', 'timeout'],
  http: [
    'listening',
    'connection',
    'request',
    'checkContinue',
    'clientError',
    'upgrade',
    'body',
    'bodyEnd',
    'written',
    'ended',
    'finish',
    'responseClose',
    'timeout',
    'client socket',
    'client finish',
    'client close',
    'response',
    'response data',
    'response end',
    'close',
  ],
}

interface Check {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  /** What is measured; throws if it is not as it should be. */
  readonly judge: (outcome: Outcome, ended: number) => string
}

function codeIs(expected: number, { code, signal, stderr }: Outcome): void {
  if (signal !== null) throw new Error(`ended by ${signal}: ${stderr}`)
  if (code !== expected) throw new Error(`ended with ${code}: ${stderr}`)
}

function inTime(milliseconds: number): string {
  if (!(milliseconds < limit)) throw new Error(`took ${milliseconds} ms`)
  return `${Math.round(milliseconds)} ms`
}

function nothingLeft({ before, after }: { before: Held; after: Held }): string {
  const left = `+${Math.max(0, after.descriptors - before.descriptors)} descriptors, +${Math.max(
    0,
    after.threads - before.threads,
  )} threads`
  const grown = after.resident - before.resident
  const text = `${left}, ${grown < 0 ? '-' : '+'}${Math.abs(grown).toFixed(1)} MB`
  if (left !== '+0 descriptors, +0 threads' || grown > memory) throw new Error(text)
  return text
}

const loads = (door: string, io: string): Check => ({
  name: `workers alone load ${door} ${io}`,
  program: 'workers',
  args: [door, io, sequence, atOnce].map(String),
  judge(outcome) {
    codeIs(0, outcome)
    const left = nothingLeft(JSON.parse(outcome.stdout) as never)
    return `${sequence} in sequence, ${atOnce} at once, ${left}`
  },
})

const terminates = (door: string, io: string, what: string): Check => {
  const share = Math.ceil(times / (ways[door]?.length ?? 1))
  // Ten thousand sockets take their time.
  const count = what === 'many' ? Math.ceil(share / 10) : share
  return {
    name: `terminate() ${door} ${io} ${what}`,
    program: 'terminating',
    args: [door, io, what, String(count)],
    judge(outcome) {
      codeIs(0, outcome)
      const { longest, ...held } = JSON.parse(outcome.stdout) as {
        longest: number
        before: Held
        after: Held
      }
      return `${count} times, longest ${inTime(longest)}, ${nothingLeft(held)}`
    },
  }
}

/** A program that prints when it exits. */
const exits = (name: string, program: string, args: readonly string[], code: number): Check => ({
  name,
  program,
  args,
  judge(outcome, ended) {
    codeIs(code, outcome)
    if (outcome.stderr !== '') throw new Error(outcome.stderr)
    return outcome.stdout === '' ? 'ended' : inTime(ended - Number(outcome.stdout))
  },
})

/** How each door's program of exits is called. */
const exitingIn: Record<string, (io: string, place: string) => Check> = {
  mirror: (_, place) => exits(`process.exit() mirror ${place}`, 'mirror-exit', [place], 7),
  engine: (io, place) =>
    exits(`process.exit() engine ${io} ${place}`, 'engine-exit', [io, place], 0),
  net: (io, place) =>
    exits(`process.exit() net ${io} ${place}`, 'net-process', ['mio-js/net', 'exit', place, io], 7),
  http: (io, place) => exits(`process.exit() http ${io} ${place}`, 'http-exit', [io, place], 7),
}

const parts: Record<string, (door: string, io: string) => Check[]> = {
  loads: (door, io) => [loads(door, io)],
  terminates: (door, io) => (stages[door] ?? []).map((what) => terminates(door, io, what)),
  exits: (door, io) => (places[door] ?? []).flatMap((place) => exitingIn[door]?.(io, place) ?? []),
  main: (door, io) =>
    (stages[door] ?? []).map((what) =>
      exits(`the main thread exits ${door} ${io} ${what}`, 'exit', [door, io, what], 7),
    ),
}

const checks = Object.entries(parts)
  .filter(([part]) => values.part === undefined || values.part === part)
  .flatMap(([, make]) =>
    Object.entries(ways)
      .filter(([door]) => values.door === undefined || values.door === door)
      .flatMap(([door, all]) => all.flatMap((io) => make(door, io))),
  )
if (checks.length === 0) throw new Error('there is no such part, or door')

let failed = 0

async function tryOne({ name, program, args, judge }: Check): Promise<void> {
  try {
    const outcome = await run(program, args, [], () => {}, 30 * 60_000)
    console.log(`ok ${name}: ${judge(outcome, Date.now())}`)
  } catch (error) {
    failed += 1
    console.log(`not ok ${name}: ${(error as Error).message}`)
  }
}

const waiting = [...checks]

async function tryAll(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    await tryOne(check)
  }
}

const begin = performance.now()
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, tryAll))
const seconds = Math.round((performance.now() - begin) / 1000)
console.log(`${checks.length - failed} passed, ${failed} failed, in ${seconds} s`)
process.exitCode = failed === 0 ? 0 : 1
