/**
 * What was sent and what arrived: the books of a scenario. Whatever fails, bytes arrive as they were
 * sent and in order, and those that one end was told are sent arrive at the other, or one of the two
 * is told of an error.
 */
import { getSystemErrorName } from 'node:util'
import type { Random } from './random.js'

/** One end of a connection. */
export class End {
  /** What it was told of failures: codes. */
  readonly errors: string[] = []
  /** It is over, and no event may come any more. */
  isClosed = false
  readonly #ledger: Ledger
  readonly name: string

  constructor(ledger: Ledger, name: string) {
    this.#ledger = ledger
    this.name = name
  }

  /** An error that has to do with this connection. */
  failed(error: unknown): void {
    this.errors.push(this.#ledger.told(this.name, error))
  }

  closed(error?: unknown): void {
    if (error !== undefined) this.failed(error)
    if (this.isClosed) this.#ledger.violation(`${this.name} was closed twice`)
    this.isClosed = true
  }

  /** Something other than its end was told. */
  event(what: string): void {
    if (this.isClosed) this.#ledger.violation(`${this.name} had '${what}' after its close`)
  }
}

/** One direction of a connection. */
export class Flow {
  /** Bytes that were handed over. */
  sent = 0
  /** Bytes of which the sender was told that they are sent. */
  acknowledged = 0
  received = 0
  /** The receiver was told that this is all. */
  hasEnded = false
  readonly name: string
  /** All that is to be sent. */
  readonly bytes: Buffer
  readonly #ledger: Ledger

  constructor(ledger: Ledger, name: string, bytes: Buffer) {
    this.#ledger = ledger
    this.name = name
    this.bytes = bytes
  }

  get isComplete(): boolean {
    return this.received === this.bytes.length
  }

  arrived(chunk: Uint8Array): void {
    const { bytes, name, received, sent } = this
    if (!bytes.subarray(received, received + chunk.length).equals(chunk)) {
      this.#ledger.violation(`${name}: other bytes than were sent, from ${received} on`)
    }
    if (received + chunk.length > sent) {
      this.#ledger.violation(`${name}: bytes came that were not sent, from ${sent} on`)
    }
    if (this.hasEnded) this.#ledger.violation(`${name}: bytes came after the end`)
    this.received += chunk.length
  }

  ended(): void {
    if (this.hasEnded) this.#ledger.violation(`${this.name} ended twice`)
    this.hasEnded = true
  }
}

/** A connection on which the client sends bytes, and gets the same bytes back. */
export class Line {
  readonly client: End
  readonly server: End
  readonly up: Flow
  readonly down: Flow
  readonly name: string
  /** The server has a connection for it, which its first byte has told. */
  isServed = false

  constructor(ledger: Ledger, name: string, bytes: Buffer) {
    this.name = name
    this.client = new End(ledger, `${name}, client`)
    this.server = new End(ledger, `${name}, server`)
    this.up = new Flow(ledger, `${name}, up`, bytes)
    this.down = new Flow(ledger, `${name}, down`, bytes)
  }

  get isTold(): boolean {
    return this.client.errors.length > 0 || this.server.errors.length > 0
  }
}

export class Ledger {
  readonly violations: string[] = []
  /** Codes of everything that was told, in order. */
  readonly codes: string[] = []
  /** Connections of a server that were lost before it was known whose they are. */
  strangers = 0
  readonly #lines: Line[] = []

  /** Its bytes are random, but for the first, by which a server knows which it is. */
  line(name: string, length: number, random: Random): Line {
    const bytes = random.bytes(length)
    bytes[0] = this.#lines.length
    const line = new Line(this, name, bytes)
    this.#lines.push(line)
    return line
  }

  /** The line of a connection, by the first byte that came. */
  find(first: number): Line {
    const line = this.#lines[first]
    if (line === undefined) throw new Error(`byte ${first} came first, which nobody sent`)
    if (line.isServed) this.violation(`${line.name} is served twice`)
    line.isServed = true
    return line
  }

  violation(text: string): void {
    this.violations.push(text)
  }

  /** Something failed and the program was told: it must have been told properly. Returns the code. */
  told(where: string, error: unknown): string {
    const { code, errno, syscall } = (error ?? {}) as NodeJS.ErrnoException
    if (!(error instanceof Error) || typeof code !== 'string') {
      this.violation(`${where}: no error with a code, but ${String(error)}`)
      return '?'
    }
    const isShaped =
      typeof errno === 'number' && errno < 0 && getSystemErrorName(errno) === code && !!syscall
    if (errno !== undefined && !isShaped) {
      this.violation(`${where}: ${code} has errno ${errno} and syscall ${String(syscall)}`)
    }
    this.codes.push(code)
    return code
  }

  /** A connection of a server's that is over before its first byte. */
  stranger(error?: unknown): void {
    if (error === undefined) return
    this.told('a connection without a byte', error)
    this.strangers += 1
  }

  /** What became of each connection, in words. */
  summary(): string[] {
    return this.#lines.map(({ name, up, down, client, server, isServed }) => {
      const flows = [up, down].map(
        ({ received, bytes, hasEnded }) => `${received}/${bytes.length}${hasEnded ? ' end' : ''}`,
      )
      const told = [client, server].map(({ errors }) => errors.join('+') || '-')
      return [name, isServed ? 'served' : 'not served', ...flows, ...told].join(', ')
    })
  }

  /** Closes the books. */
  settle(): void {
    for (const line of this.#lines) {
      if (line.isTold) continue
      if (!line.isServed && line.up.sent > 0) {
        // Whoever lost it knows, or counts it; and the client has seen the end of it.
        if (this.strangers === 0) this.violation(`${line.name} was lost, and nobody was told`)
        else if (!line.down.hasEnded) this.violation(`${line.name} has no end`)
        continue
      }
      for (const { name, acknowledged, received } of [line.up, line.down]) {
        if (received === acknowledged) continue
        this.violation(
          `${name}: ${acknowledged} bytes were sent, ${received} came, and nobody was told`,
        )
      }
    }
  }
}
