/** A server of one door that is to be overloaded, and what it costs: as it is asked by messages. */
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { DoorName } from '../support/doors/index.js'
import { DatagramServing } from '../support/overload/datagrams.js'
import { Lag } from '../support/overload/lag.js'
import { type Counts, type Limits, type Serving, serve } from '../support/overload/serving.js'
import { answer } from '../support/remote.js'

/** Milliseconds that a broadcast goes on at most. */
const patience = 20_000

let serving: Serving | undefined
let datagrams: DatagramServing | undefined
let lag: Lag | undefined

interface Cast {
  /** To how many it went, all broadcasts together. */
  readonly reached: number
  /** The most bytes that waited in the engine after a broadcast. */
  readonly pending: number
  /** The most memory that the process had, in bytes. */
  readonly memory: number
  /** Milliseconds that the longest broadcast took. */
  readonly longest: number
}

const calls = {
  async serve(door: DoorName, limits: Limits = {}): Promise<number> {
    serving = await serve(door, limits)
    return serving.port
  },

  async serveDatagrams(): Promise<number> {
    datagrams = new DatagramServing()
    return datagrams.port
  },

  async counts(): Promise<Counts> {
    return serving!.counts()
  },

  async receivedDatagrams(): Promise<number> {
    return datagrams!.received
  },

  /**
   * Writes so much to everybody, again and again, for so many milliseconds, and on until so many are
   * closed because of that.
   */
  async broadcast(size: number, duration: number, least = 0): Promise<Cast> {
    const bytes = Buffer.alloc(size, 'b')
    const begun = performance.now()
    let [reached, pending, memory, longest] = [0, 0, 0, 0]
    const isOver = (): boolean => {
      const passed = performance.now() - begun
      const closed = serving!.counts().closed['ERR_PENDING_LIMIT'] ?? 0
      return passed > duration && (closed >= least || passed > patience)
    }
    while (!isOver()) {
      const before = performance.now()
      reached += serving!.broadcast(bytes)
      longest = Math.max(longest, performance.now() - before)
      pending = Math.max(pending, serving!.counts().pending)
      memory = Math.max(memory, process.memoryUsage().rss)
      await setTimeout(10)
    }
    return { reached, pending, memory, longest }
  },

  /** How late a timer of 10 ms comes, since this was called last. */
  async lag(): Promise<{ median: number; max: number }> {
    lag ??= new Lag()
    return lag.read()
  },

  /** The part of one processor that this process uses, during so many milliseconds. */
  async busy(milliseconds: number): Promise<number> {
    const before = process.cpuUsage()
    await setTimeout(milliseconds)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / milliseconds
  },

  /** Has nothing else to do for so many milliseconds. */
  async compute(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds
    while (performance.now() < end);
  },

  /** Bytes of memory. */
  async memory(): Promise<number> {
    return process.memoryUsage().rss
  },

  async descriptors(): Promise<number> {
    return readdirSync('/proc/self/fd').length
  },

  /** Datagrams that the system had no room for, at a port. */
  async lost(port: number): Promise<number> {
    const rows = readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)
    const at = port.toString(16).toUpperCase().padStart(4, '0')
    const row = rows
      .map((line) => line.trim().split(/\s+/))
      .find(([, local]) => local?.endsWith(`:${at}`))
    return Number(row?.at(-1))
  },

  async close(): Promise<void> {
    lag?.stop()
    await serving?.close()
    await datagrams?.close()
  },
}

export type OverloadServer = typeof calls

answer(calls)
