/** The vocabulary of the specs of overload: a server, peers that overload it, and others that do not. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import type { OverloadPeers } from '../../programs/overload-peers.js'
import type { OverloadPings } from '../../programs/overload-pings.js'
import type { OverloadServer } from '../../programs/overload-server.js'
import type { DoorName } from '../doors/index.js'
import { where } from '../platforms.js'
import { Remote } from '../remote.js'
import { MemoryGroup } from './memory-group.js'
import type { Limits } from './serving.js'

/** Whether less is tried, in less time. */
export const isBounded = process.env['MIO_JS_BOUNDED'] === '1'

/** Few descriptors are enough for whoever runs this; clients by the thousand need more. */
const enough = [
  'sh',
  '-c',
  'ulimit -n 20000 2>/dev/null || ulimit -n $(ulimit -H -n); exec "$@"',
  'sh',
]

const isLinux = process.platform === 'linux'

export interface Stage {
  readonly server: Remote<OverloadServer>
  readonly peers: Remote<OverloadPeers>
  readonly pings: Remote<OverloadPings>
  readonly port: number
  readonly isHttp: boolean
  /** What the server is in, if it was to have less memory. */
  readonly group: MemoryGroup | undefined
}

export interface Scene {
  readonly limits?: Limits
  /** Bytes that the server and the kernel for it may use. */
  readonly memory?: number
  /** How many descriptors the server may have, once it is loaded: before it opens many at once. */
  readonly descriptors?: number
  readonly nodeOptions?: readonly string[]
  /** Clients that behave, and are there from the beginning. */
  readonly pings?: number
}

/** Defines a test for each of some doors. */
export function onStage(
  title: string,
  doors: readonly DoorName[],
  { limits = {}, memory, nodeOptions = [], descriptors, pings = 0 }: Scene,
  body: (t: ExecutionContext, stage: Stage, door: DoorName) => Promise<void>,
): void {
  for (const door of doors) {
    where(isLinux, 'the programs look into /proc')(`${door}: ${title}`, async (t) => {
      const isHttp = door === 'http'
      const group = memory === undefined ? undefined : MemoryGroup.make(memory)
      t.teardown(() => group?.remove())
      const prefix = [...(group?.prefix ?? []), ...enough]
      const programs = {
        server: new Remote<OverloadServer>('overload-server', { prefix, nodeOptions }),
        peers: new Remote<OverloadPeers>('overload-peers', { prefix: enough }),
        pings: new Remote<OverloadPings>('overload-pings'),
      }
      t.teardown(async () => {
        await Promise.all(Object.values(programs).map(async (program) => program.kill()))
      })
      const port = await programs.server.ask('serve', door, limits)
      if (descriptors !== undefined) {
        const limit = `--nofile=${descriptors}:${descriptors}`
        await promisify(execFile)('prlimit', ['--pid', String(programs.server.pid), limit])
      }
      if (pings > 0) await programs.pings.ask('connect', port, pings, isHttp)
      await body(t, { ...programs, port, isHttp, group }, door)
      if (pings > 0) t.is(await programs.pings.ask('open'), pings, 'clients that behave are kept')
      await programs.pings.ask('close')
      await programs.server.ask('close')
      t.is(await programs.server.end(), 0, 'the server ends by itself')
    })
  }
}

/** Milliseconds of each measurement, how many make a median, and how often all is tried at most. */
const [duration, samples, maxRounds] = [100, 5, 6]
/** Milliseconds that are the processor's, which whoever overloads uses as well on a small machine. */
const slack = 10

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/** The 99th percentile of how long an answer takes, in milliseconds: the median of some. */
async function p99({ pings }: Stage): Promise<number> {
  const all: number[] = []
  while (all.length < samples) all.push((await pings.ask('measure', duration)).p99)
  return medianOf(all)
}

interface Round {
  /** 99th percentiles in milliseconds. */
  readonly without: number
  readonly within: number
  /** How late a timer of 10 ms came, as the median. */
  readonly lag: number
}

/**
 * Brings others by `begin`, measures what those that behave notice of them, and takes them away by
 * what it returned. Others who use the machine meanwhile make it worse, and nobody makes it better:
 * one round shows what is to be shown.
 */
async function compare(
  t: ExecutionContext,
  stage: Stage,
  begin: () => Promise<() => Promise<void>>,
  isFine: (round: Round) => boolean,
): Promise<void> {
  const rounds: Round[] = []
  while (rounds.length < maxRounds && !rounds.some(isFine)) {
    const without = await p99(stage)
    const end = await begin()
    await stage.server.ask('lag')
    const within = await p99(stage)
    const { median: lag } = await stage.server.ask('lag')
    await end()
    rounds.push({ without, within, lag })
  }
  const all = rounds.map(({ without, within, lag }) => {
    return `${without.toFixed(1)} → ${within.toFixed(1)} (lag ${lag.toFixed(1)})`
  })
  t.log(`p99 without and with the others, in ms: ${all.join('; ')}`)
  t.true(rounds.some(isFine), all.join('; '))
}

/** Asserts that with the others answers take at most twice as long, by their 99th percentile. */
export async function staysFast(
  t: ExecutionContext,
  stage: Stage,
  begin: () => Promise<() => Promise<void>>,
): Promise<void> {
  await compare(t, stage, begin, ({ without, within, lag }) => {
    return within - slack <= 2 * without && lag < 20
  })
}

/**
 * Asserts that with others, who take all of the machine that they get, answers and timers still come
 * in time.
 */
export async function keepsServing(
  t: ExecutionContext,
  stage: Stage,
  begin: () => Promise<() => Promise<void>>,
): Promise<void> {
  await compare(t, stage, begin, ({ within, lag }) => within < 250 && lag < 20)
}
