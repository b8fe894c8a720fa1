/**
 * What happened to connections, each by itself: that it opened once, that nothing came after its one
 * `close`, and which bytes it got.
 */
import { type Hash, createHash } from 'node:crypto'
import type { Ears, Wire } from './door.js'

/** Of a prime length, and read from another place for each stream: no shift and no mix-up goes unseen. */
const noise = noiseOf(1_048_573)

function noiseOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = 0x9e3779b9
  for (let n = 0; n < length; n += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[n] = state
  }
  return bytes
}

/** Bytes of a stream from a place on: at most so many. It begins with its number. */
function bytesOf(id: number, from: number, most: number): Buffer {
  if (from < head) return headOf(id).subarray(from, from + most)
  const start = ((id * 7919) % noise.length) + (from % noise.length)
  const at = start % noise.length
  return noise.subarray(at, Math.min(at + most, noise.length))
}

const head = 4

function headOf(id: number): Buffer {
  const bytes = Buffer.alloc(head)
  bytes.writeUInt32BE(id)
  return bytes
}

/** The hash of the first bytes of a stream. */
export function hashOf(id: number, length: number): string {
  const hash = createHash('sha256')
  for (let at = 0; at < length;) {
    const bytes = bytesOf(id, at, length - at)
    hash.update(bytes)
    at += bytes.length
  }
  return hash.digest('hex')
}

/** What an end of a connection says about itself. */
export interface Account {
  /** Of the stream; -1 as long as the server has not received it. */
  readonly id: number
  readonly opens: number
  readonly ends: number
  readonly closes: number
  readonly sent: number
  readonly received: number
  readonly sentHash: string
  readonly receivedHash: string
  /** The error of `close`. */
  readonly code: string | undefined
  readonly syscall: string | undefined
  readonly address: string | undefined
  readonly port: number | undefined
  /** Milliseconds from when something was last heard or sent to the `close`. */
  readonly silence: number
  /** What came that must not come. */
  readonly violations: readonly string[]
}

abstract class Ledger implements Ears {
  abstract readonly id: number
  sent = 0
  received = 0
  isClosed = false
  protected wire: Wire | undefined
  #opens = 0
  #ends = 0
  #closes = 0
  #error: NodeJS.ErrnoException | undefined
  #moved = performance.now()
  #silence = 0
  readonly #violations: string[] = []
  readonly #sentHash: Hash = createHash('sha256')
  readonly #receivedHash: Hash = createHash('sha256')

  open(wire: Wire): void {
    this.#opens += 1
    this.#heard('open', this.#opens === 1 && !this.isClosed)
    this.wire = wire
  }

  data(_wire: Wire, chunk: Buffer): void {
    this.#heard('data', this.#isOpen && this.#ends === 0 && chunk.length > 0)
    this.received += chunk.length
    this.#receivedHash.update(chunk)
  }

  drain(_wire: Wire): void {
    this.#heard('drain', this.#isOpen)
  }

  end(_wire: Wire): void {
    this.#ends += 1
    this.#heard('end', this.#isOpen && this.#ends === 1)
  }

  close(_wire: Wire, error: NodeJS.ErrnoException | undefined): void {
    this.#closes += 1
    this.#silence = performance.now() - this.#moved
    this.#heard('close', this.#closes === 1)
    this.isClosed = true
    this.#error = error
  }

  get hasOpened(): boolean {
    return this.#opens > 0
  }

  get #isOpen(): boolean {
    return this.#opens === 1 && !this.isClosed
  }

  #heard(event: string, isRight: boolean): void {
    this.#moved = performance.now()
    if (!isRight) this.#violations.push(event)
  }

  protected send(bytes: Buffer): boolean {
    this.sent += bytes.length
    this.#sentHash.update(bytes)
    return this.wire!.write(bytes)
  }

  account(): Account {
    const { code, syscall, address, port } = (this.#error ?? {}) as NodeJS.ErrnoException & Account
    return {
      id: this.id,
      opens: this.#opens,
      ends: this.#ends,
      closes: this.#closes,
      sent: this.sent,
      received: this.received,
      sentHash: this.#sentHash.copy().digest('hex'),
      receivedHash: this.#receivedHash.copy().digest('hex'),
      code: this.#error === undefined ? undefined : (code ?? this.#error.message),
      syscall,
      address,
      port,
      silence: this.#silence,
      violations: this.#violations,
    }
  }
}

/** The server's end: gives back what it gets, and no faster than the peer reads. */
export class Echo extends Ledger {
  #id = -1
  #head = Buffer.alloc(0)

  get id(): number {
    return this.#id
  }

  override data(wire: Wire, chunk: Buffer): void {
    super.data(wire, chunk)
    if (this.#id < 0) {
      this.#head = Buffer.concat([this.#head, chunk])
      if (this.#head.length >= head) this.#id = this.#head.readUInt32BE()
    }
    if (!this.send(chunk)) wire.pause()
  }

  override drain(wire: Wire): void {
    super.drain(wire)
    wire.resume()
  }

  override end(wire: Wire): void {
    super.end(wire)
    wire.end()
  }
}

/** The client's end: sends a stream, and a FIN after so many bytes of it. */
export class Stream extends Ledger {
  readonly id: number
  #length: number
  /** Whether it is silent when all is sent, and ends only when it is stopped. */
  #stays: boolean
  #isEnded = false
  #isBlocked = false

  constructor(id: number, length: number, stays = false) {
    super()
    this.id = id
    this.#length = length
    this.#stays = stays
  }

  override open(wire: Wire): void {
    super.open(wire)
    this.#sendOn()
  }

  override drain(wire: Wire): void {
    super.drain(wire)
    this.#isBlocked = false
    this.#sendOn()
  }

  /** Ends after what was sent, however much was meant to be. */
  stop(): void {
    this.#length = this.sent
    this.#stays = false
    if (this.wire !== undefined && !this.isClosed && !this.#isBlocked) this.#sendOn()
  }

  reset(): void {
    this.wire?.reset()
  }

  #sendOn(): void {
    while (this.sent < this.#length && !this.isClosed) {
      // Chunks of all sizes, the same for each run.
      const size = 1 + ((this.sent * 31 + this.id * 17) % 32_768)
      const bytes = bytesOf(this.id, this.sent, Math.min(size, this.#length - this.sent))
      if (!this.send(bytes)) {
        this.#isBlocked = true
        return
      }
    }
    if (this.#isEnded || this.isClosed || this.#stays) return
    this.#isEnded = true
    this.wire?.end()
  }
}
