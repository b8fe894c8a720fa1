/** Nanoseconds of one operation, by its name, in all rounds. */
import { show, spread } from '../statistics.js'

const KIB = 1024

export const sizes = [64, KIB, 4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB]

export function nameOf(size: number): string {
  return size < KIB ? `${size} B` : `${size / KIB} KiB`
}

export class Figures {
  readonly #rounds = new Map<string, number[]>()

  add(name: string, nanos: number): void {
    const list = this.#rounds.get(name) ?? []
    list.push(nanos)
    this.#rounds.set(name, list)
  }

  show(name: string): string {
    return show(spread(this.#rounds.get(name) ?? []), 0)
  }
}
