import type { Connection } from './connection.ts'
import { Donations } from './donations.ts'
import type { Machine } from './machine.ts'
import { lowBits, ownBit } from './protocol.ts'
import { Submissions } from './submissions.ts'

/** One native state machine and its connections. Each has its own ids. */
export class Lane {
  readonly machine: Machine
  readonly index: number
  readonly out: Submissions
  readonly donations: Donations
  /** By the index that the lane chose. */
  readonly accepted: (Connection | undefined)[] = []
  /** By the index that was chosen here, without its bit. */
  readonly opened: (Connection | undefined)[] = []
  /** The next generation of each own index. */
  readonly #generations: number[] = []
  readonly #free: number[] = []

  constructor(machine: Machine, index: number) {
    this.machine = machine
    this.index = index
    this.out = new Submissions(machine, index)
    this.donations = new Donations(machine, index)
  }

  /** Both as signed numbers, as everywhere here. */
  find(index: number, generation: number): Connection | undefined {
    const found = index < 0 ? this.opened[index & lowBits] : this.accepted[index]
    return found !== undefined && found.generation === generation ? found : undefined
  }

  /** An own index that is free; {@link generationOf} tells its generation. */
  newIndex(): number {
    const slot = this.#free.pop() ?? this.#generations.push(0) - 1
    return slot | ownBit
  }

  generationOf(index: number): number {
    return this.#generations[index & lowBits] as number
  }

  /** Native code did not take the index. */
  giveBack(index: number): void {
    this.#free.push(index & lowBits)
  }

  add(connection: Connection): void {
    const { index } = connection
    if (index < 0) this.opened[index & lowBits] = connection
    else this.accepted[index] = connection
  }

  /** The last word about a connection has been said, so its id may be used again. */
  remove({ index }: Connection): void {
    if (index >= 0) {
      this.accepted[index] = undefined
      return
    }
    const slot = index & lowBits
    this.opened[slot] = undefined
    this.#generations[slot] = (this.generationOf(index) + 1) & lowBits
    this.#free.push(slot)
  }

  /** All that native code may still say something about. */
  *connections(): IterableIterator<Connection> {
    for (const connection of this.accepted) if (connection !== undefined) yield connection
    for (const connection of this.opened) if (connection !== undefined) yield connection
  }
}
