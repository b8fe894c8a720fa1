/** A server for a long time: what it holds and what it has seen is asked for by messages. */
import { readFile } from 'node:fs/promises'
import { type DoorName, doors } from '../support/doors/index.js'
import type { Door, Listening } from '../support/doors/door.js'
import { answer } from '../support/remote.js'
import { type Holding, collect, holdingOf } from '../support/soak/holding.js'
import { Answering } from '../support/soak/serving.js'
import { type Sums, Tally } from '../support/soak/tally.js'

const tally = new Tally()
let door: Door | undefined
let listening: Listening | undefined

// Node starts the threads of its pool with the first uses of it, and keeps them.
await Promise.all(Array.from({ length: 8 }, async () => readFile(import.meta.filename)))

const calls = {
  async listen(name: DoorName): Promise<number> {
    door = doors[name]()
    // Longer than any soak: each byte moves it, and nobody reaches it.
    const patience = { idleTimeout: 86_400_000 }
    listening = await door.listen('127.0.0.1', () => new Answering(tally), patience)
    return listening.port
  },

  async sums(): Promise<Sums> {
    return tally.sums()
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

  async close(): Promise<void> {
    await listening!.close()
    await door!.close()
  },
}

export type SoakServer = typeof calls

answer(calls)
