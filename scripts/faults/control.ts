/**
 * The file by which a program tells shim.c what is to happen, and learns what has. The shim maps it;
 * the program reads and writes it, which the system keeps the same.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { type Outcome, actionName, functionNames, functions } from './functions.js'

/** Where the words of 32 bits are. */
const count = functionNames.length
const maxOutcomes = 16
const maxLog = 256
const at = {
  magic: 0,
  armed: 1,
  nth: 2,
  seed: 3,
  lasting: 4,
  calls: 5,
  counted: 6,
  injected: 7,
  logged: 8,
  module: 9,
  byFunction: 10,
  outcomeCounts: 10 + count,
  outcomes: 10 + 2 * count,
  log: 10 + 2 * count + count * maxOutcomes * 3,
}
const size = at.log + maxLog * 6
const magic = 0x6d696f00 + count

/** What is to happen to the n-th call. */
export interface Plan {
  /** Which outcomes are possible; calls of functions without any are not counted. */
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>
  /** From 1 on. */
  readonly nth: number
  /** Decides which of several outcomes it is, and details of it. */
  readonly seed: number
  /** Milliseconds in which all further calls fail as well; 0 for one call alone. */
  readonly lasting: number
}

/** The n-th call of one function has this outcome. */
export function planOf(name: string, outcome: string, nth = 1, lasting = 0): Plan {
  const found = functions[name]?.find((candidate) => candidate.name === outcome)
  if (found === undefined) throw new Error(`there is no ${name} with the outcome ${outcome}`)
  return { outcomes: new Map([[name, [found]]]), nth, seed: 0, lasting }
}

/** What has happened since the plan was made. */
export interface Record {
  /** Calls of the native module. */
  readonly calls: number
  /** Calls that the plan was about. */
  readonly counted: number
  /** Calls that had another outcome than the kernel's. */
  readonly injected: number
  readonly byFunction: ReadonlyMap<string, number>
}

/** One call, as it was seen by the module. */
export interface Call {
  readonly name: string
  readonly fd: number
  readonly result: number
  readonly error: string
  readonly thread: number
  /** The action of the outcome that was not the kernel's. */
  readonly injected: string
}

/** Makes the file, before the process that is to map it. */
export function createControl(path: string): void {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, size * 4)
  writeSync(fd, Uint32Array.of(magic), 0, 4, 0)
  closeSync(fd)
}

/** The file, as the program in which calls are to fail uses it. */
export class Control {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'r+')
  }

  /** Whether the shim has found the native module, without which it would let everything pass. */
  get hasModule(): boolean {
    return this.#read(at.module, 1)[0] === 1
  }

  /** Begins to count. */
  arm({ outcomes, nth, seed, lasting }: Plan): void {
    this.pause()
    const words = new Uint32Array(at.log - at.nth)
    words.set([nth, seed, lasting])
    for (const [name, list] of outcomes) {
      const index = functionNames.indexOf(name)
      words[at.outcomeCounts - at.nth + index] = list.length
      const place = at.outcomes - at.nth + index * maxOutcomes * 3
      words.set(
        list.flatMap(({ action, error, flags }) => [action, error, flags]),
        place,
      )
    }
    // Whether the module was found stays.
    words[at.module - at.nth] = this.hasModule ? 1 : 0
    this.#write(at.nth, words)
    this.resume()
  }

  /** Has calls pass without being counted. */
  pause(): void {
    this.#write(at.armed, Uint32Array.of(0))
  }

  /** Goes on where it was paused. */
  resume(): void {
    this.#write(at.armed, Uint32Array.of(1))
  }

  record(): Record {
    const words = this.#read(at.calls, at.byFunction + count - at.calls)
    const number = (place: number): number => words[place - at.calls] ?? 0
    const byFunction = functionNames.map(
      (name, index) => [name, number(at.byFunction + index)] as const,
    )
    return {
      calls: number(at.calls),
      counted: number(at.counted),
      injected: number(at.injected),
      byFunction: new Map(byFunction.filter(([, calls]) => calls > 0)),
    }
  }

  /** The last calls, oldest first. */
  log(): Call[] {
    const [logged = 0] = this.#read(at.logged, 1)
    const words = new Int32Array(this.#read(at.log, maxLog * 6).buffer)
    const first = Math.max(0, logged - maxLog)
    return Array.from({ length: logged - first }, (_, n) => {
      const place = ((first + n) % maxLog) * 6
      const [index = 0, fd = -1, result = 0, error = 0, thread = 0, action = 0] = words.subarray(
        place,
        place + 6,
      )
      return {
        name: functionNames[index] ?? '?',
        fd,
        result,
        error: error === 0 ? '' : errorName(error),
        thread,
        injected: action === 0 ? '' : actionName(action),
      }
    })
  }

  #read(place: number, length: number): Uint32Array {
    const words = new Uint32Array(length)
    readSync(this.#fd, words, 0, length * 4, place * 4)
    return words
  }

  #write(place: number, words: Uint32Array): void {
    writeSync(this.#fd, words, 0, words.byteLength, place * 4)
  }
}

function errorName(error: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === error)?.[0] ?? String(error)
}
