import type { Wire } from '../doors/door.js'
import { Way, head } from './serving.js'
import { Member, type Tally } from './tally.js'

/** Milliseconds that an answer may take on a machine that has other things to do. */
const deadline = 10_000

/** What is asked is a piece of this, wherever it begins. */
const noise = noiseOf(65_537)

function noiseOf(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let n = 0; n < length; n += 1) {
    state = (state * 1_103_515_245 + 12_345) >>> 0
    bytes[n] = state >>> 16
  }
  return bytes
}

/** Asks, and sees that the answer is the same and comes in time. */
export class Asking extends Member {
  readonly #way: Way
  #question: Buffer = Buffer.alloc(0)
  #got = 0
  /** When it asked, or when it began to connect, to end or to reset; 0 while it waits for nothing. */
  #since = performance.now()
  #isMissed = false
  #isFirst = true
  /** Whether it is to be over. */
  protected isLeaving = false

  constructor(tally: Tally, way: Way) {
    super(tally)
    this.#way = way
  }

  get isWaiting(): boolean {
    return this.#since > 0
  }

  /** Whether something was missed that was not counted yet. */
  missed(now: number): boolean {
    if (this.#isMissed || this.#since === 0 || now - this.#since < deadline) return false
    this.#isMissed = true
    return true
  }

  ask(length: number, from: number): void {
    const payload = noise.subarray(from % 1_024, (from % 1_024) + length)
    if (this.#isFirst) {
      const bytes = Buffer.alloc(head)
      bytes[0] = this.#way
      bytes.writeUInt32BE(length, 1)
      this.#question = Buffer.concat([bytes, payload])
    } else this.#question = payload
    this.#isFirst = false
    this.#got = 0
    this.#since = performance.now()
    this.send(this.#question)
  }

  /** Ends, and waits for the server to do so. */
  leave(): void {
    this.isLeaving = true
    this.#since = performance.now()
    if (this.isOpen) this.wire?.end()
  }

  override open(wire: Wire): void {
    super.open(wire)
    this.#since = 0
  }

  override data(wire: Wire, chunk: Buffer): void {
    super.data(wire, chunk)
    if (!chunk.equals(this.#question.subarray(this.#got, this.#got + chunk.length))) {
      this.tally.violate('an answer that is not the question')
    }
    this.#got += chunk.length
    if (this.#got < this.#question.length) return
    // What comes next is the end.
    const isOver = this.isLeaving || this.#way === Way.SERVER
    this.#since = isOver ? performance.now() : 0
    this.answered()
  }

  protected answered(): void {}

  override end(wire: Wire): void {
    super.end(wire)
    if (this.#way === Way.SERVER) this.leave()
    else if (!this.isLeaving) this.tally.violate('ended by nobody')
  }

  override close(wire: Wire, error: NodeJS.ErrnoException | undefined): void {
    super.close(wire, error)
    this.#since = 0
    if (error !== undefined) this.tally.violate(`closed with ${error.code}`)
    else if (!this.isLeaving) this.tally.violate('closed by nobody')
  }

  protected reset(): void {
    this.isLeaving = true
    this.#since = performance.now()
    this.wire?.reset()
  }
}

/** Comes, asks once, and goes, in one of four ways. */
export class Guest extends Asking {
  readonly #number: number
  readonly #done: () => void

  constructor(tally: Tally, number: number, done: () => void) {
    super(tally, ([Way.CLIENT, Way.SERVER, Way.RESET, Way.CLIENT] as const)[number % 4]!)
    this.#number = number
    this.#done = done
  }

  override open(wire: Wire): void {
    super.open(wire)
    this.ask(16 + ((this.#number * 37) % 4_000), this.#number)
    // The FIN right behind the question: it must get its answer all the same.
    if (this.#number % 4 === 3) this.leave()
  }

  protected override answered(): void {
    if (this.#number % 4 === 0) this.leave()
    else if (this.#number % 4 === 2) this.reset()
  }

  override close(wire: Wire, error: NodeJS.ErrnoException | undefined): void {
    super.close(wire, error)
    this.#done()
  }
}
