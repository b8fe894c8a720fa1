import { native } from '../binding.ts'
import { check } from '../errors.ts'
import { chunkOf, viewOf } from './chunk.ts'
import type { Machine } from './machine.ts'

const slots = 64
const bufferBytes = 64 * 1024

/**
 * Buffers that native code reads into directly. A large read comes without any copy that way, in a
 * buffer that is the program's from then on.
 */
export class Donations {
  readonly #machine: Machine
  readonly #lane: number
  readonly #given: (Buffer | undefined)[] = []
  /** Came back too empty to be given to the program. */
  readonly #spare: Buffer[] = []

  constructor(machine: Machine, lane: number) {
    this.#machine = machine
    this.#lane = lane
  }

  /** Gives `count` more, as long as there are slots. */
  give(count: number): void {
    let left = count
    for (let slot = 0; left > 0 && slot < slots; slot += 1) {
      if (this.#given[slot] !== undefined) continue
      left -= 1
      const buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)
      check(native.engineDonate(this.#machine.handle, this.#lane, slot, buffer), 'donate')
      this.#given[slot] = buffer
    }
  }

  /** The bytes that were read into a buffer. Its slot is free again. */
  take(slot: number, length: number): Buffer {
    const buffer = this.#given[slot] as Buffer
    this.#given[slot] = undefined
    // A kept chunk must not pin much more memory than it has bytes.
    if (length * 2 > bufferBytes) return viewOf(buffer, 0, length)
    this.#spare.push(buffer)
    return chunkOf(buffer, 0, length)
  }

  /** Nobody wants the bytes. */
  drop(slot: number): void {
    this.#spare.push(this.#given[slot] as Buffer)
    this.#given[slot] = undefined
  }
}
