/** What one end of many connections has seen: little for each, as there are ten thousand of them. */
import type { Ears, Wire } from '../doors/door.js'

export interface Sums {
  readonly opened: number
  readonly ended: number
  readonly closed: number
  /** Bytes. */
  readonly sent: number
  readonly received: number
  /** Events that came twice, late, or with something wrong, and ends that nobody asked for. */
  readonly violations: number
}

/** Descriptions of violations that are kept; all are counted. */
const kept = 20

export class Tally {
  opened = 0
  ended = 0
  closed = 0
  sent = 0
  received = 0
  violations = 0
  readonly examples: string[] = []

  violate(what: string): void {
    this.violations += 1
    if (this.examples.length < kept) this.examples.push(what)
  }

  sums(): Sums {
    const { opened, ended, closed, sent, received, violations } = this
    return { opened, ended, closed, sent, received, violations }
  }
}

/** One end of a connection, which notes in a tally what must not be. */
export abstract class Member implements Ears {
  protected readonly tally: Tally
  protected wire: Wire | undefined
  #isOpen = false
  #hasEnded = false
  #isClosed = false

  constructor(tally: Tally) {
    this.tally = tally
  }

  open(wire: Wire): void {
    if (this.#isOpen || this.#isClosed) this.tally.violate('open twice, or after close')
    this.#isOpen = true
    this.wire = wire
    this.tally.opened += 1
  }

  data(_wire: Wire, chunk: Buffer): void {
    if (!this.#isOpen || this.#hasEnded) this.tally.violate('data before open, or after its end')
    this.tally.received += chunk.length
  }

  drain(_wire: Wire): void {
    if (!this.#isOpen) this.tally.violate('drain before open, or after close')
  }

  end(_wire: Wire): void {
    if (!this.#isOpen || this.#hasEnded)
      this.tally.violate('end before open, twice, or after close')
    this.#hasEnded = true
    this.tally.ended += 1
  }

  close(_wire: Wire, _error: NodeJS.ErrnoException | undefined): void {
    if (this.#isClosed || !this.#isOpen) this.tally.violate('close twice, or without open')
    this.#isOpen = false
    this.#isClosed = true
    this.wire = undefined
    this.tally.closed += 1
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  protected send(bytes: Buffer): boolean {
    this.tally.sent += bytes.length
    return this.wire!.write(bytes)
  }
}
