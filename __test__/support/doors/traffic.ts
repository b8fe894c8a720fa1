/** Streams through a door to an echo behind it, and what both ends say of them. */
import type { ExecutionContext } from 'ava'
import { until } from '../until.js'
import { type DoorName, doors } from './index.js'
import type { Door, Listening, Patience, Target } from './door.js'
import { type Account, Echo, Stream, hashOf } from './ledger.js'

/** An echo, and the accounts of its connections. */
export class Echoes {
  readonly #door: Door
  readonly #echoes: Echo[] = []
  readonly #listening: Listening

  private constructor(door: Door, echoes: Echo[], listening: Listening) {
    this.#door = door
    this.#echoes = echoes
    this.#listening = listening
  }

  static async start(name: DoorName, host: string, patience?: Patience): Promise<Echoes> {
    const door = doors[name]()
    const echoes: Echo[] = []
    const ears = (): Echo => {
      const echo = new Echo()
      echoes.push(echo)
      return echo
    }
    return new Echoes(door, echoes, await door.listen(host, ears, patience))
  }

  get port(): number {
    return this.#listening.port
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#echoes.filter((echo) => !echo.isClosed).length
  }

  /** How many bytes arrived, of all. */
  get received(): number {
    return this.#echoes.reduce((sum, { received }) => sum + received, 0)
  }

  accounts(): Account[] {
    return this.#echoes.map((echo) => echo.account())
  }

  async close(): Promise<void> {
    await this.#listening.close()
    await this.#door.close()
  }
}

export interface Load {
  readonly count: number
  /** Bytes of each; `Infinity` goes on until `stop`. */
  readonly length: number
  /** Whether each stays when all is sent, and says nothing more. */
  readonly stays?: boolean | undefined
  readonly patience?: Patience | undefined
}

/** Streams of one door, which begin when they are made. */
export class Streams {
  readonly #door: Door
  readonly #streams: Stream[] = []

  constructor(name: DoorName) {
    this.#door = doors[name]()
  }

  begin(to: Target, { count, length, stays, patience }: Load): void {
    const first = this.#streams.length
    for (let id = first; id < first + count; id += 1) {
      const stream = new Stream(id, length, stays)
      this.#streams.push(stream)
      this.#door.connect(to, stream, patience)
    }
  }

  stop(): void {
    for (const stream of this.#streams) stream.stop()
  }

  get open(): number {
    return this.#streams.filter(({ isClosed }) => !isClosed).length
  }

  /** How many are connected or have been. */
  get opened(): number {
    return this.#streams.filter(({ hasOpened }) => hasOpened).length
  }

  /** How much came back on the stream that is last. */
  get slowest(): number {
    return Math.min(...this.#streams.map(({ received }) => received))
  }

  accounts(): Account[] {
    return this.#streams.map((stream) => stream.account())
  }

  async close(): Promise<void> {
    await this.#door.close()
  }
}

/** Accounts of both ends. */
export interface Books {
  readonly client: readonly Account[]
  readonly server: readonly Account[]
}

/** Asserts that nothing came twice, late or not at all, on either end. */
export function keepsLedger(t: ExecutionContext, { client, server }: Books): void {
  for (const [end, accounts] of Object.entries({ client, server })) {
    for (const account of accounts) {
      t.deepEqual(account.violations, [], `the ${end}'s end of stream ${account.id}`)
      t.is(account.closes, 1, `one close at the ${end}'s end of stream ${account.id}`)
    }
  }
}

/** Asserts that every stream came there and back as it was sent, and ended without an error. */
export function cameWhole(t: ExecutionContext, { client, server }: Books): void {
  keepsLedger(t, { client, server })
  const there = new Map(server.map((account) => [account.id, account]))
  t.is(there.size, client.length, 'each stream has one connection')
  t.is(server.length, client.length, 'and no other')
  for (const account of client) {
    const { id, sent, sentHash } = account
    t.like(account, {
      opens: 1,
      ends: 1,
      received: sent,
      receivedHash: sentHash,
      code: undefined,
    })
    const echo = there.get(id)
    t.like(echo, {
      opens: 1,
      ends: 1,
      received: sent,
      receivedHash: sentHash,
      sentHash,
      code: undefined,
    })
  }
}

/** Asserts that what came of each stream, however little, is what was sent. */
export function cameInPart(t: ExecutionContext, { client, server }: Books): void {
  keepsLedger(t, { client, server })
  for (const { id, received, receivedHash } of [...client, ...server]) {
    if (id >= 0) t.is(receivedHash, hashOf(id, received), `${received} bytes of stream ${id}`)
  }
}

/** Waits until both ends of all are closed. */
export async function untilClosed(echoes: Echoes, streams: Streams): Promise<Books> {
  await until('all streams are closed', () => streams.open === 0 && echoes.open === 0)
  return { client: streams.accounts(), server: echoes.accounts() }
}
