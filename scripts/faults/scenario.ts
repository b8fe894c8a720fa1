/** What a scenario is, and what it gets: the world in which calls may fail. */
import { Ledger } from './ledger.js'
import { Random } from './random.js'

/** Where readiness is waited for, and how it reaches the event loop. */
export interface Setting {
  readonly io: string
  readonly wake: 'uv' | 'thread'
}

/** A program that uses one part of the package, with everything that can be asked of it. */
export interface Scenario {
  /** What can stand for `io`. */
  readonly settings: readonly Setting[]
  /** Outcomes that are no part of what this can bear, by function: what they are of no use for. */
  readonly without?: readonly string[]
  /** Opens, transfers and closes. Resolves when nothing is left open, whatever has failed. */
  run(world: World): Promise<void>
}

/** Whoever makes calls fail, as the world sees it. */
export interface Saboteur {
  pause(): void
  resume(): void
}

/** Milliseconds in which everything that a scenario waits for must come. */
export const patience = 8000

export class World {
  readonly ledger = new Ledger()
  readonly random: Random
  readonly setting: Setting
  readonly #saboteur: Saboteur
  readonly #end = performance.now() + patience
  #waitsFor = 'the start'
  /** An engine has told that its selector is of no use any more, and is closed. */
  hasFailed = false
  /** Callbacks that have not come. */
  owed = 0

  constructor(seed: number, setting: Setting, saboteur: Saboteur) {
    this.random = new Random(seed)
    this.setting = setting
    this.#saboteur = saboteur
  }

  /** What is waited for, if it does not come. */
  get waitsFor(): string {
    return this.#waitsFor
  }

  /** Says what is waited for now. */
  note(what: string): void {
    this.#waitsFor = what
  }

  get isLate(): boolean {
    return performance.now() > this.#end
  }

  /** Nothing fails during this: proves that what is left works. */
  async calm(operation: () => Promise<void>): Promise<void> {
    this.#saboteur.pause()
    try {
      await operation()
    } finally {
      this.#saboteur.resume()
    }
  }

  /** Runs what may fail; an error is written down. */
  attempt<Result>(where: string, operation: () => Result): Result | undefined {
    try {
      return operation()
    } catch (error) {
      this.ledger.told(where, error)
      return undefined
    }
  }
}

/** Where the messages of a client end: each of them is sent when the one before has come back. */
export function messagesOf(random: Random, sizes: readonly number[]): number[] {
  let end = 0
  return sizes.map((size) => (end += random.between(1, size)))
}

/** A promise, and what resolves it. */
export class Deferred {
  resolve!: () => void
  readonly promise = new Promise<void>((resolve) => {
    this.resolve = resolve
  })
}
