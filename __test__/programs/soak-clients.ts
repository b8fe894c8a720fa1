/**
 * Clients for a long time: thousands that are silent and ask now and then, some that ask all the time,
 * and others that come and go.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { type DoorName, doors } from '../support/doors/index.js'
import type { Door, Target } from '../support/doors/door.js'
import { answer } from '../support/remote.js'
import { Asking, Guest } from '../support/soak/asking.js'
import { type Holding, collect, holdingOf } from '../support/soak/holding.js'
import { Way } from '../support/soak/serving.js'
import { type Sums, Tally } from '../support/soak/tally.js'

/** Connections that are made at a time: fewer than any backlog. */
const wave = 250
/** Milliseconds of a step, in which some of everything happens. */
const step = 20

export interface Plan {
  /** Connections that are silent, and how many of them ask in a second. */
  readonly idle: number
  readonly waking: number
  /** Connections that ask again as soon as they can, in the next step. */
  readonly echoing: number
  /** Connections that come and go in a second. */
  readonly churn: number
}

export interface Progress extends Sums {
  /** What did not come in time. */
  readonly missed: number
  /** Questions that were asked. */
  readonly asked: number
  /** Connections that have come and gone. */
  readonly gone: number
}

const tally = new Tally()
const idle: Asking[] = []
const echoing: Asking[] = []
const guests = new Set<Guest>()
let door: Door | undefined
let target: Target | undefined
let timer: NodeJS.Timeout | undefined
let [missed, asked, gone, steps] = [0, 0, 0, 0]

// Node starts the threads of its pool with the first uses of it, and keeps them.
await Promise.all(Array.from({ length: 8 }, async () => readFile(import.meta.filename)))

async function join(members: Asking[], count: number): Promise<void> {
  while (members.length < count) {
    const some = Array.from({ length: Math.min(wave, count - members.length) }, () => {
      const member = new Asking(tally, Way.CLIENT)
      door!.connect(target!, member)
      return member
    })
    members.push(...some)
    for (const end = performance.now() + 30_000; some.some(({ isOpen }) => !isOpen);) {
      if (performance.now() > end) throw new Error('the server does not let all of them in')
      await setTimeout(2)
    }
    for (const [n, member] of some.entries()) ask(member, n)
  }
}

function ask(member: Asking, n: number): void {
  asked += 1
  member.ask(16 + ((asked * 53 + n) % 900), asked)
}

function come(): void {
  const guest = new Guest(tally, gone + guests.size, () => {
    guests.delete(guest)
    gone += 1
  })
  guests.add(guest)
  door!.connect(target!, guest)
}

function shareOf(perSecond: number): number {
  const until = (count: number): number => Math.floor((count * perSecond * step) / 1_000)
  return until(steps + 1) - until(steps)
}

function live({ waking, churn }: Plan): void {
  for (let n = shareOf(waking); n > 0; n -= 1) {
    const member = idle[Math.floor(Math.random() * idle.length)]
    if (member?.isOpen === true && !member.isWaiting) ask(member, n)
  }
  for (const member of echoing) if (member.isOpen && !member.isWaiting) ask(member, 0)
  for (let n = shareOf(churn); n > 0; n -= 1) come()
  steps += 1
}

function look(): void {
  const now = performance.now()
  for (const members of [idle, echoing, guests]) {
    for (const member of members) if (member.missed(now)) missed += 1
  }
}

async function untilNothing(what: string, isLeft: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; isLeft();) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`)
    await setTimeout(10)
  }
}

const calls = {
  /** Connects all that stay. */
  async begin(name: DoorName, to: Target, plan: Plan): Promise<void> {
    door = doors[name]()
    target = to
    await join(idle, plan.idle)
    await join(echoing, plan.echoing)
    timer = setInterval(() => live(plan), step)
  },

  async progress(): Promise<Progress> {
    look()
    return { ...tally.sums(), missed, asked, gone }
  },

  async examples(): Promise<readonly string[]> {
    return tally.examples
  },

  async holding(): Promise<Holding> {
    return holdingOf()
  },

  async collect(): Promise<void> {
    collect()
  },

  /** Nobody comes or asks any more; all leave when they have their answers. */
  async leave(): Promise<void> {
    clearInterval(timer)
    const all = [...idle, ...echoing]
    await untilNothing('all are answered', () => {
      look()
      return guests.size > 0 || all.some(({ isOpen, isWaiting }) => isOpen && isWaiting)
    })
    for (let n = 0; n < all.length; n += 1) {
      all[n]!.leave()
      if (n % wave === 0) await setTimeout(2)
    }
    await untilNothing('all have left', () => all.some(({ isOpen }) => isOpen))
    idle.length = 0
    echoing.length = 0
  },

  async close(): Promise<void> {
    await door!.close()
  },
}

export type SoakClients = typeof calls

answer(calls)
