import { inspect } from 'node:util'
import { illegalConstructor, invalidType } from './errors.ts'

const key = Symbol('Interest')

/** In the order in which mio prints them; the values are shared with the core. */
const names = [
  [1, 'READABLE'],
  [2, 'WRITABLE'],
  [4, 'AIO'],
  [8, 'LIO'],
  [16, 'PRIORITY'],
] as const

const all: Interest[] = []
let interestOf: (bits: number) => Interest

/** The bits of an interest; throws for anything else. */
export let bitsOf: (interest: Interest) => number

/**
 * What a source is watched for. Immutable and never empty; equal interests are the same object, so
 * `===` compares them.
 *
 * `READABLE` and `WRITABLE` exist everywhere. Registering with the others is
 * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` where mio does not have them: `PRIORITY` is for Linux and
 * Android, `AIO` for macOS, FreeBSD and DragonFly, `LIO` for FreeBSD.
 *
 * @example
 * ```ts
 * import { Interest } from 'mio-js'
 *
 * const both = Interest.READABLE.add(Interest.WRITABLE)
 * console.log(String(both), both.isWritable()) // READABLE | WRITABLE true
 * console.log(both.remove(Interest.WRITABLE) === Interest.READABLE) // true
 * console.log(Interest.READABLE.remove(Interest.READABLE)) // null
 * ```
 */
export class Interest {
  readonly #bits: number

  private constructor(bits: number, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.#bits = bits
    Object.freeze(this)
  }

  static {
    interestOf = (bits) => (all[bits] ??= new Interest(bits, key))
    bitsOf = (interest) => {
      const isInterest = typeof interest === 'object' && interest !== null && #bits in interest
      if (!isInterest) throw invalidType('interest', 'an Interest', interest)
      return interest.#bits
    }
  }

  /** There is something to read, or to accept, or the peer has ended. */
  static readonly READABLE: Interest = interestOf(1)
  /** There is room to write, or a connect has come to its end. */
  static readonly WRITABLE: Interest = interestOf(2)
  /** A POSIX AIO request is complete: macOS, FreeBSD, DragonFly. */
  static readonly AIO: Interest = interestOf(4)
  /** A list of such requests is complete: FreeBSD. */
  static readonly LIO: Interest = interestOf(8)
  /** There is urgent data (`POLLPRI`): Linux, Android. */
  static readonly PRIORITY: Interest = interestOf(16)

  /** The union of both. */
  add(other: Interest): Interest {
    return interestOf(this.#bits | bitsOf(other))
  }

  /** What is in this one and not in `other`; `null` when nothing is left. */
  remove(other: Interest): Interest | null {
    const bits = this.#bits & ~bitsOf(other)
    return bits === 0 ? null : interestOf(bits)
  }

  /** Whether {@link Interest.READABLE} is in it. */
  isReadable(): boolean {
    return (this.#bits & 1) !== 0
  }

  /** Whether {@link Interest.WRITABLE} is in it. */
  isWritable(): boolean {
    return (this.#bits & 2) !== 0
  }

  /** Whether {@link Interest.AIO} is in it. */
  isAio(): boolean {
    return (this.#bits & 4) !== 0
  }

  /** Whether {@link Interest.LIO} is in it. */
  isLio(): boolean {
    return (this.#bits & 8) !== 0
  }

  /** Whether {@link Interest.PRIORITY} is in it. */
  isPriority(): boolean {
    return (this.#bits & 16) !== 0
  }

  /** The names joined by ` | `, as mio prints them. */
  toString(): string {
    return names
      .filter(([bit]) => (this.#bits & bit) !== 0)
      .map(([, name]) => name)
      .join(' | ')
  }

  [inspect.custom](): string {
    return `Interest(${this.toString()})`
  }
}
