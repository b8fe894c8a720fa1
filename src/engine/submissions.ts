/**
 * What one lane is asked for, collected until the end of the turn, then handed over in one call.
 *
 * Written bytes are copied once, into the buffer here, so that a program may use its own again at
 * once. From {@link large} on a write crosses alone, and native code makes the one copy: a crossing
 * costs less than growing this buffer does.
 *
 * Any call may throw, where a program has left no room on the stack. So a record and its bytes come to
 * count after the last call that their making takes, and what was not handed over is still here.
 */
import { native } from '../binding.ts'
import { check } from '../errors.ts'
import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  charCodeAt,
  copy,
  set,
  writeLatin1,
  writeUtf8,
} from '../primordials.ts'
import { encoded } from './bytes.ts'
import type { Connection } from './connection.ts'
import type { Machine } from './machine.ts'
import { Op, submissionWords } from './protocol.ts'

const { engineSubmit, engineWrite } = native

/** Bytes from which on a write crosses alone. */
const large = 16 * 1024

/** Text up to here is copied in a loop, as long as it is ASCII: faster than a call. */
const short = 24

const initialWords = 1024
const initialBytes = 64 * 1024

/** Bytes from which on what is collected leaves early, so that a long turn needs no more memory. */
const early = 1024 * 1024

export class Submissions {
  /** How many `cork`s are being run: nothing leaves early then. */
  corks = 0
  readonly #machine: Machine
  readonly #lane: number
  #words = new Uint32Array(initialWords)
  #wordCount = 0
  #data = Buffer.allocUnsafeSlow(initialBytes)
  #capacity = initialBytes
  #dataLength = 0
  /** The connection of the last record, if that is a write: the next one of it is added there. */
  #last: Connection | undefined
  #lastLength = 0

  constructor(machine: Machine, lane: number) {
    this.#machine = machine
    this.#lane = lane
  }

  /** An operation without payload. */
  add(op: number, index: number, generation: number, a: number): void {
    this.#last = undefined
    this.#record(op, index, generation, a)
  }

  /** An operation whose payload are words. */
  addWords(op: number, connection: Connection, a: number, payload: readonly number[]): void {
    let at = this.#room(payload.length * 4)
    for (const word of payload) at = this.#data.writeUInt32LE(word, at)
    this.add(op, connection.index, connection.generation, a)
    this.#dataLength = at
  }

  /** Writes to many connections, which hold the same payload once. */
  addBroadcast(bytes: Uint8Array, connections: readonly Connection[]): void {
    const length = byteLengthOf(bytes)
    if (length === 0) return
    const at = this.#room(length)
    set(this.#data, bytes, at)
    this.#last = undefined
    this.#reserve(submissionWords + 2 * connections.length)
    this.#record(Op.BROADCAST, connections.length, length, 0)
    const words = this.#words
    let word = this.#wordCount
    for (let i = 0; i < connections.length; i += 1) {
      const connection = connections[i] as Connection
      words[word] = connection.index
      words[word + 1] = connection.generation
      word += 2
    }
    this.#wordCount = word
    this.#dataLength = at + length
  }

  /** Returns the number of bytes. */
  addBytes(connection: Connection, bytes: Uint8Array): number {
    const length = byteLengthOf(bytes)
    if (length >= large && this.corks === 0) return this.#cross(connection, bytes, length)
    // A view that lies outside of its memory, as that has shrunk, cannot even be copied.
    if (length === 0) return 0
    const at = this.#room(length)
    set(this.#data, bytes, at)
    return this.#took(connection, length)
  }

  /** The first `length` of the bytes. */
  addSome(connection: Connection, bytes: Uint8Array, length: number): number {
    if (length === 0) return 0
    return this.addBytes(connection, new Uint8Array(bufferOf(bytes), byteOffsetOf(bytes), length))
  }

  /** Returns the number of bytes that the text has. */
  addText(connection: Connection, text: string, encoding: unknown): number {
    const { length } = text
    if (length * 3 < large) {
      if (encoding === undefined || encoding === 'utf8') return this.#addUtf8(connection, text)
      if (encoding === 'latin1') {
        const at = this.#room(length)
        return this.#took(connection, writeLatin1(this.#data, text, at, length))
      }
    }
    return this.addBytes(connection, encoded(text, encoding))
  }

  #addUtf8(connection: Connection, text: string): number {
    const { length } = text
    const at = this.#room(length * 3)
    const data = this.#data
    if (length <= short) {
      let i = 0
      for (; i < length; i += 1) {
        const unit = charCodeAt(text, i)
        if (unit > 127) break
        data[at + i] = unit
      }
      if (i === length) return this.#took(connection, length)
    }
    return this.#took(connection, writeUtf8(data, text, at, length * 3))
  }

  /** The bytes of a write are in place: a record for them, or more of the last one. */
  #took(connection: Connection, length: number): number {
    if (length === 0) return 0
    if (this.#last === connection) {
      const words = this.#words
      words[this.#lastLength] = (words[this.#lastLength] as number) + length
    } else {
      this.#record(Op.WRITE, connection.index, connection.generation, length)
      this.#lastLength = this.#wordCount - 1
      this.#last = connection
    }
    this.#dataLength += length
    return length
  }

  #record(op: number, index: number, generation: number, a: number): void {
    const at = this.#wordCount
    if (at === 0) this.#machine.schedule()
    if (at + submissionWords > this.#words.length) this.#reserve(submissionWords)
    const words = this.#words
    words[at] = op
    words[at + 1] = index
    words[at + 2] = generation
    words[at + 3] = a
    this.#wordCount = at + submissionWords
  }

  /** Where the next `length` bytes of payload go. */
  #room(length: number): number {
    if (this.#dataLength + length > this.#capacity) this.#grow(length)
    return this.#dataLength
  }

  #grow(length: number): void {
    if (this.#dataLength + length > early && this.corks === 0) this.flush()
    const needed = this.#dataLength + length
    if (needed <= this.#data.length) return
    const data = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#data.length))
    copy(this.#data, data, 0, 0, this.#dataLength)
    this.#data = data
    this.#capacity = data.length
  }

  #reserve(count: number): void {
    const needed = this.#wordCount + count
    if (needed <= this.#words.length) return
    const words = new Uint32Array(Math.max(needed, 2 * this.#words.length))
    words.set(this.#words)
    this.#words = words
  }

  #cross({ index, generation }: Connection, bytes: Uint8Array, length: number): number {
    this.flush()
    const { handle } = this.#machine
    check(engineWrite(handle, this.#lane, index >>> 0, generation >>> 0, bytes), 'write')
    return length
  }

  /** Hands over what is collected. */
  flush(): void {
    const count = this.#wordCount
    if (count === 0 || this.#machine.isClosed) return
    const words = this.#words
    const data = this.#data
    const length = this.#dataLength
    const code = engineSubmit(this.#machine.handle, this.#lane, words, count, data, length)
    this.#last = undefined
    this.#wordCount = 0
    this.#dataLength = 0
    if (data.length > early) this.#shrink()
    check(code, 'submit')
  }

  /** A long turn needed more than others will. */
  #shrink(): void {
    this.#data = Buffer.allocUnsafeSlow(initialBytes)
    this.#capacity = initialBytes
  }
}
