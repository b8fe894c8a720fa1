import {
  type Numbers,
  type Settings,
  clientDeadlines,
  newNumbers,
  settingsOf,
} from '../engine/options.ts'
import { handlers } from './link.ts'
import { opened } from './opened.ts'

/** What the engine is told of every socket of the drop-in: streams have limits of their own. */
export const unlimited = {
  allowHalfOpen: true,
  maxPending: Infinity,
  idleTimeout: 0,
  firstByteTimeout: 0,
  noDelay: false,
}

export interface Profile {
  readonly settings: Settings
  readonly numbers: Numbers
}

/** Most sockets have the same mark, and making a profile costs more than a connect. */
let last: { highWaterMark: number; profile: Profile } | undefined

/** Settings that all clients with this mark share, and numbers that the next connect may fill in. */
export function clientProfile(highWaterMark: number): Profile {
  if (last?.highWaterMark === highWaterMark) return last.profile
  const numbers = newNumbers()
  const bag = clientBag(highWaterMark)
  const profile = { settings: settingsOf(bag, clientDeadlines, numbers), numbers }
  last = { highWaterMark, profile }
  return profile
}

/** The same as options of the engine. */
export function clientBag(highWaterMark: number): object {
  const socket = { ...handlers, open: opened }
  return { ...unlimited, highWaterMark: engineMark(highWaterMark), socket }
}

/** A mark as the engine takes it: a whole number. */
export function engineMark(highWaterMark: number): number {
  return Number.isSafeInteger(highWaterMark) ? highWaterMark : Infinity
}
