/** Clients that are too many, too slow or too fast, in a process of their own. */
import { type Burst, Flood, burst, floodDatagrams } from '../support/overload/bursts.js'
import { Crowd } from '../support/overload/crowd.js'
import { frame } from '../support/overload/serving.js'
import { type Fate, Visitor, insist } from '../support/overload/visitors.js'
import { answer } from '../support/remote.js'

const request = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
const streamRequest = Buffer.from('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n')
const lastRequest = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
/** A head that goes on for ever. */
const slowHead = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nCookie: ')
const visitors: Visitor[] = []
const crowds: Crowd[] = []
let flood: Flood | undefined

const questionOf = (isHttp: boolean): Buffer => (isHttp ? request : Buffer.alloc(frame, '?'))

const calls = {
  /** So many come at once, and stay. */
  async visit(port: number, count: number, isHttp: boolean): Promise<Record<Fate, number>> {
    const come = (): Visitor => new Visitor(port, questionOf(isHttp))
    const some = Array.from({ length: count }, come)
    visitors.push(...some)
    const fates = await Promise.all(some.map(async (visitor) => visitor.soon()))
    const of = (fate: Fate): number => fates.filter((each) => each === fate).length
    return { served: of('served'), closed: of('closed'), waiting: of('waiting') }
  },

  /** What became of all that have come. */
  async fates(): Promise<Record<Fate, number>> {
    const fates = await Promise.all(visitors.map(async (visitor) => visitor.soon()))
    const of = (fate: Fate): number => fates.filter((each) => each === fate).length
    return { served: of('served'), closed: of('closed'), waiting: of('waiting') }
  },

  async leave(): Promise<void> {
    for (const visitor of visitors.splice(0)) visitor.leave()
  },

  /** So many come again and again, until each was served; how often they were turned away. */
  async insist(port: number, count: number, isHttp: boolean): Promise<number> {
    const come = async (): Promise<number> => insist(port, questionOf(isHttp), 20)
    const refusals = await Promise.all(Array.from({ length: count }, come))
    return refusals.reduce((sum, each) => sum + each, 0)
  },

  /** So many who never read. */
  async readers(port: number, count: number, isHttp: boolean): Promise<void> {
    const crowd = new Crowd(false)
    crowds.push(crowd)
    await crowd.join(port, count, isHttp ? streamRequest : Buffer.alloc(0), 4_096)
  },

  /** So many who say a byte now and then, in milliseconds. */
  async trickle(port: number, count: number, every: number, isHttp: boolean): Promise<void> {
    const crowd = new Crowd(true)
    crowds.push(crowd)
    await crowd.join(port, count, isHttp ? slowHead : Buffer.from('x'))
    crowd.trickle(Buffer.from('x'), every)
  },

  async crowd(): Promise<{ open: number; answered: number; longest: number }> {
    const sum = (of: (crowd: Crowd) => number): number =>
      crowds.reduce((total, crowd) => total + of(crowd), 0)
    return {
      open: sum(({ open }) => open),
      answered: sum(({ answered }) => answered),
      longest: Math.max(...crowds.map(({ longest }) => longest)),
    }
  },

  /** What they have begun to say they say to its end. */
  async finish(): Promise<void> {
    for (const crowd of crowds) crowd.finish(frame)
  },

  async disperse(): Promise<void> {
    for (const crowd of crowds.splice(0)) crowd.leave()
  },

  async burst(port: number, atOnce: number, duration: number, isHttp: boolean): Promise<Burst> {
    return burst(port, isHttp ? lastRequest : Buffer.alloc(1_000, 'x'), { atOnce, duration })
  },

  async flood(port: number, count: number, isReading: boolean): Promise<void> {
    flood = new Flood(port, count, isReading)
  },

  async calm(): Promise<void> {
    flood?.stop()
    flood = undefined
  },

  floodDatagrams,
}

export type OverloadPeers = typeof calls

answer(calls)
