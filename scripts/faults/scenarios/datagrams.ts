/** Datagrams on a Poll, one by one and many at once, and sent back in the same way. */
import { Datagrams, Events, Interest, Poll, Token, UdpSocket } from 'mio-js'
import type { Scenario, World } from '../scenario.js'

const count = 12
const both = Interest.READABLE.add(Interest.WRITABLE)
const size = 600

/** Sends its datagrams, each of which is to come back once. */
abstract class Client {
  readonly socket: UdpSocket
  protected readonly world: World
  protected readonly datagrams: Buffer[]
  readonly #name: string
  readonly #back = new Set<number>()
  protected sent = 0

  constructor(world: World, name: string, socket: UdpSocket) {
    this.socket = socket
    this.world = world
    this.#name = name
    this.datagrams = Array.from({ length: count }, (_, n) => {
      const bytes = world.random.bytes(world.random.between(1, size))
      bytes[0] = n
      return bytes
    })
  }

  abstract step(): void

  get isOver(): boolean {
    return this.#back.size === count
  }

  get missing(): string {
    return `${this.#name}: ${this.#back.size} of ${this.sent} came back`
  }

  protected cameBack(bytes: Uint8Array): void {
    const n = bytes[0] as number
    const { violations } = this.world.ledger
    if (this.datagrams[n]?.equals(bytes) !== true)
      violations.push(`${this.#name}: another datagram`)
    if (this.#back.has(n)) violations.push(`${this.#name}: datagram ${n} came twice`)
    this.#back.add(n)
  }
}

class One extends Client {
  step(): void {
    for (; this.sent < count; this.sent += 1) {
      if (this.socket.send(this.datagrams[this.sent] as Buffer) === null) break
    }
    for (;;) {
      const buffer = Buffer.alloc(2 * size)
      const length = this.socket.recv(buffer)
      if (length === null) return
      this.cameBack(buffer.subarray(0, length))
    }
  }
}

class Many extends Client {
  readonly #out = new Datagrams({ count, size })
  readonly #in = new Datagrams({ count: 5, size })

  constructor(
    world: World,
    name: string,
    socket: UdpSocket,
    to: ReturnType<UdpSocket['localAddr']>,
  ) {
    super(world, name, socket)
    for (const [n, bytes] of this.datagrams.entries()) this.#out.set(n, bytes, to)
  }

  step(): void {
    while (this.sent < count) {
      const taken = this.socket.sendMany(this.#out, count - this.sent, this.sent)
      if (taken === null) break
      this.sent += taken
    }
    for (;;) {
      const received = this.socket.recvMany(this.#in)
      if (received === null) return
      for (let n = 0; n < received; n += 1) this.cameBack(this.#in.bytesAt(n))
    }
  }
}

/** Sends back what comes; what the system does not take now, later. */
class Echo {
  readonly socket: UdpSocket
  readonly #isMany: boolean
  readonly #batch = new Datagrams({ count: 7, size })
  #waiting: (() => number | null)[] = []

  constructor(socket: UdpSocket, isMany: boolean) {
    this.socket = socket
    this.#isMany = isMany
  }

  step(): void {
    for (;;) {
      while (this.#waiting.length > 0) {
        if (this.#waiting[0]?.() === null) return
        this.#waiting.shift()
      }
      if (!(this.#isMany ? this.#receiveMany() : this.#receiveOne())) return
    }
  }

  #receiveOne(): boolean {
    const buffer = Buffer.alloc(2 * size)
    const received = this.socket.recvFrom(buffer)
    if (received === null) return false
    const [length, from] = received
    this.#waiting.push(() => this.socket.sendTo(buffer, from, 0, length))
    return true
  }

  #receiveMany(): boolean {
    const received = this.socket.recvMany(this.#batch)
    if (received === null) return false
    let sent = 0
    this.#waiting.push(() => {
      while (sent < received) {
        const taken = this.socket.sendMany(this.#batch, received - sent, sent)
        if (taken === null) return null
        sent += taken
      }
      return sent
    })
    return true
  }
}

function open(world: World, poll: Poll): (One | Many | Echo)[] {
  const bind = (): UdpSocket | undefined =>
    world.attempt('bind', () => UdpSocket.bind('127.0.0.1:0'))
  const parties: (One | Many | Echo)[] = []
  const add = (token: number, party: One | Many | Echo): boolean => {
    try {
      poll.registry.register(party.socket, Token(token), both)
      parties[token] = party
      return true
    } catch (error) {
      world.ledger.told('register', error)
      world.attempt('close', () => party.socket.close())
      return false
    }
  }
  for (const isMany of [false, true]) {
    const [server, client] = [bind(), bind()]
    const address = world.attempt('localAddr', () => server?.localAddr())
    const isConnected = world.attempt('connect', () => {
      if (address === undefined || client === undefined || server === undefined) return false
      if (!isMany) client.connect(address)
      return true
    })
    if (isConnected === true && add(isMany ? 2 : 0, new Echo(server!, isMany))) {
      const name = isMany ? 'many' : 'one'
      add(
        isMany ? 3 : 1,
        isMany ? new Many(world, name, client!, address!) : new One(world, name, client!),
      )
    } else {
      for (const socket of [server, client]) world.attempt('close', () => socket?.close())
    }
  }
  return parties
}

export const scenario: Scenario = {
  settings: [{ io: 'sync', wake: 'uv' }],
  // Part of a datagram is no datagram.
  without: ['recv short', 'send short'],

  // oxlint-disable-next-line require-await: that of a scenario
  async run(world) {
    const poll = world.attempt('poll', () => new Poll())
    if (poll === undefined) return
    const parties = open(world, poll)
    const clients = parties.filter((party) => party instanceof Client)
    const events = Events.withCapacity(16)
    let again: number[] = []
    while (clients.some(({ isOver }) => !isOver)) {
      const quiet = again.length === 0 ? 300 : 1
      const isQuiet = world.attempt('poll', () => poll.poll(events, quiet) === 0) ?? false
      // Datagrams may be lost where somebody was told of an error, and nowhere else.
      if (isQuiet && again.length === 0 && world.ledger.codes.length > 0) break
      if (world.isLate) throw new Error(clients.map(({ missing }) => missing).join('; '))
      const ready = new Set([...again, ...[...events].map(({ token }) => token as number)])
      again = []
      for (const token of ready) {
        const party = parties[token]
        const isDone = world.attempt('transfer', () => (party?.step(), true))
        // An error is no would-block, after which an event would come.
        if (isDone !== true) again.push(token)
      }
    }
    for (const party of parties) world.attempt('close', () => party?.socket.close())
    world.attempt('close', () => poll.close())
  },
}
