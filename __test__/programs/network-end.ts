/** One of two hosts: echoes and streams by each door, as it is told by messages. */
import { readFile, readdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type Ending, Farewells, attempts, nextAddress } from '../support/black-hole.js'
import { type Counts, DatagramEcho, DatagramPeer } from '../support/datagram-traffic.js'
import type { DoorName, Patience, Target } from '../support/doors/index.js'
import type { Account } from '../support/doors/ledger.js'
import { Echoes, type Load, Streams } from '../support/doors/traffic.js'
import { answer } from '../support/remote.js'
import { until } from '../support/until.js'

const echoes = new Map<DoorName, Echoes>()
const streams = new Map<DoorName, Streams>()
let datagramEcho: DatagramEcho | undefined
let datagramPeer: DatagramPeer | undefined
let farewells: Farewells | undefined

interface Holding {
  readonly descriptors: number
  readonly threads: number
}

async function holding(): Promise<Holding> {
  const [descriptors, threads] = await Promise.all([
    readdir('/proc/self/fd'),
    readdir('/proc/self/task'),
  ])
  return { descriptors: descriptors.length, threads: threads.length }
}

// Node starts the threads of its pool with the first uses of it, and keeps them.
await Promise.all(Array.from({ length: 8 }, async () => readFile(import.meta.filename)))
const baseline = await holding()

export interface Progress {
  readonly open: number
  readonly opened: number
  readonly slowest: number
}

const calls = {
  /** Echoes at every address of a host; the port. */
  async echo(door: DoorName, host: string, patience?: Patience): Promise<number> {
    const started = await Echoes.start(door, host, patience)
    echoes.set(door, started)
    return started.port
  },

  /** Of the echo that listens. */
  async port(door: DoorName): Promise<number> {
    return echoes.get(door)!.port
  },

  async begin(door: DoorName, to: Target, load: Load): Promise<void> {
    const begun = streams.get(door) ?? new Streams(door)
    streams.set(door, begun)
    begun.begin(to, load)
  },

  /** The streams end after what they have sent. */
  async stop(door: DoorName): Promise<void> {
    streams.get(door)?.stop()
  },

  /** Of the streams here, or of the echoes. */
  async progress(door: DoorName): Promise<Progress> {
    const { open, opened, slowest } = streams.get(door)!
    return { open, opened, slowest }
  },

  /** Connections to the echo that are open. */
  async open(door: DoorName): Promise<number> {
    return echoes.get(door)!.open
  },

  async accounts(door: DoorName): Promise<Account[]> {
    return (streams.get(door) ?? echoes.get(door))?.accounts() ?? []
  },

  attempts,
  nextAddress,

  async prepareFarewells(to: Target): Promise<void> {
    farewells = await Farewells.prepare(to)
  },

  async farewells(): Promise<Record<string, Ending>> {
    const endings = await farewells!.say()
    await farewells!.close()
    return endings
  },

  /** Echoes datagrams; the port. */
  async echoDatagrams(host: string): Promise<number> {
    datagramEcho = new DatagramEcho(host)
    return datagramEcho.port
  },

  async connectDatagrams(to: Target): Promise<void> {
    datagramPeer = new DatagramPeer(to)
  },

  async sendDatagrams(count: number): Promise<Counts> {
    return datagramPeer!.send(count)
  },

  /** Closes all that is here, and waits until nothing is left of it. */
  async clear(): Promise<void> {
    for (const all of [streams, echoes]) {
      for (const one of all.values()) await one.close()
      all.clear()
    }
    await datagramEcho?.close()
    await datagramPeer?.close()
    datagramEcho = undefined
    datagramPeer = undefined
    let now = await holding()
    await until('the census is back at its baseline', async () => {
      now = await holding()
      return now.descriptors <= baseline.descriptors && now.threads <= baseline.threads
    }).catch((error: Error) => {
      throw new Error(`${JSON.stringify(now)}, not ${JSON.stringify(baseline)}`, { cause: error })
    })
  },

  /** The part of one processor that this process uses, during so many milliseconds. */
  async busy(milliseconds: number): Promise<number> {
    const before = process.cpuUsage()
    await pause(milliseconds)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / milliseconds
  },
}

export type NetworkEnd = typeof calls

answer(calls)
