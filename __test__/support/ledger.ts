/**
 * Messages that go to an echo and come back, each written down: one that does not come back, as an event
 * was lost, is missed; one that comes twice, or out of order, is told.
 */

/** How many messages a test sends: a runner that has the time for more says so. */
export const total = Number(process.env['MIO_JS_LEDGER'] ?? 3000)

/** Messages of a connection that are under way at a time. */
const window = 8
const header = 8
const longest = 200

/** What one connection has sent, and got back. */
export class Account {
  readonly id: number
  readonly quota: number
  #sent = 0
  #received = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(id: number, quota: number) {
    this.id = id
    this.quota = quota
  }

  get isSettled(): boolean {
    return this.#received === this.quota
  }

  get received(): number {
    return this.#received
  }

  /** What may be sent now. */
  take(): Buffer {
    const parts: Buffer[] = []
    while (this.#sent < this.quota && this.#sent - this.#received < window) {
      parts.push(message(this.id, this.#sent))
      this.#sent += 1
    }
    return Buffer.concat(parts)
  }

  /** Enters what came back: how many messages. Throws for anything but the next one. */
  enter(chunk: Buffer): number {
    const before = this.#received
    let rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const due = message(this.id, this.#received)
      if (rest.length < due.length) break
      if (this.#received === this.#sent || !rest.subarray(0, due.length).equals(due)) {
        throw new Error(`${this.text}: what came is not the next message`)
      }
      rest = rest.subarray(due.length)
      this.#received += 1
    }
    this.#rest = rest
    return this.#received - before
  }

  get text(): string {
    const { id, quota } = this
    return `connection ${id}: ${this.#sent} of ${quota} sent, ${this.#received} back, ${this.#rest.length} bytes more`
  }
}

/** The bytes of a message: who it is of, its number, and more that depends on both. */
function message(id: number, number: number): Buffer {
  const length = (id * 31 + number * 17) % longest
  const bytes = Buffer.alloc(header + length, (id + number) % 251)
  bytes.writeUInt32LE(id, 0)
  bytes.writeUInt32LE(number, 4)
  return bytes
}

/** All connections of a test. */
export class Ledger {
  readonly accounts: Account[] = []
  readonly #connections: number
  #isPromised = 0
  #came = 0
  #movedAt = performance.now()

  /** At most so many connections at a time. */
  constructor(connections: number) {
    this.#connections = connections
  }

  /** Opens an account for one more connection, if there are messages left. */
  open(): Account | undefined {
    // Several connections in a row, so that they come and go all the time.
    const quota = Math.min(Math.ceil(total / this.#connections / 5), total - this.#isPromised)
    if (quota === 0) return undefined
    this.#isPromised += quota
    const account = new Account(this.accounts.length, quota)
    this.accounts.push(account)
    return account
  }

  enter(account: Account, chunk: Buffer): void {
    this.#came += account.enter(chunk)
    this.#movedAt = performance.now()
  }

  /** Whether everything is back. Throws when nothing moves any more. */
  isSettled(): boolean {
    if (this.#came === total) return true
    if (performance.now() - this.#movedAt > 15_000) {
      const open = this.accounts.filter(({ isSettled }) => !isSettled)
      throw new Error([`${this.#came} of ${total}`, ...open.map(({ text }) => text)].join('\n'))
    }
    return false
  }
}
