/** Listen, connect, echo and close on a Poll: TCP and Unix sockets, single buffers and several. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  Events,
  Interest,
  Poll,
  Shutdown,
  TcpListener,
  TcpStream,
  Token,
  UnixAddr,
  UnixListener,
  UnixStream,
  Waker,
} from 'mio-js'
import type { End, Flow, Line } from '../ledger.js'
import { type Scenario, type World, messagesOf } from '../scenario.js'

type Listener = TcpListener | UnixListener
type Stream = TcpStream | UnixStream

const both = Interest.READABLE.add(Interest.WRITABLE)
const wakerToken = Token(1_000_000)

/** One end of a connection, as this program has it. */
abstract class Side {
  readonly stream: Stream
  readonly token: Token
  protected readonly station: Station
  /** Reads and writes by several buffers at once. */
  protected readonly isVectored: boolean

  constructor(station: Station, stream: Stream, isVectored: boolean) {
    this.station = station
    this.stream = stream
    this.isVectored = isVectored
    this.token = station.add(this)
  }

  /** Does what can be done after an event, until the system has no more for now. */
  abstract step(): void
  abstract get end(): End | undefined

  close(): void {
    this.station.remove(this)
    this.station.world.attempt('close', () => this.stream.close())
    this.end?.closed()
  }

  protected read(buffer: Buffer): number | null {
    if (!this.isVectored) return this.stream.read(buffer)
    return this.stream.readVectored([buffer.subarray(0, 1000), buffer.subarray(1000)])
  }

  /** Sends of a flow until `until`, or until the system takes no more. */
  protected send(flow: Flow, until: number): void {
    while (flow.acknowledged < until) {
      const rest = flow.bytes.subarray(flow.acknowledged, until)
      flow.sent = until
      const half = rest.length >> 1
      const parts = [rest.subarray(0, half), rest.subarray(half)]
      const count = this.isVectored ? this.stream.writeVectored(parts) : this.stream.write(rest)
      if (count === null) return
      flow.acknowledged += count
    }
  }

  /** Reads all there is. True at the end. */
  protected receive(arrived: (chunk: Buffer) => void): boolean {
    for (;;) {
      const buffer = Buffer.alloc(16_384)
      const count = this.read(buffer)
      if (count === null) return false
      if (count === 0) return true
      arrived(buffer.subarray(0, count))
    }
  }
}

class Client extends Side {
  readonly line: Line
  readonly #messages: readonly number[]
  #isConnected = false

  constructor(
    station: Station,
    stream: Stream,
    line: Line,
    messages: readonly number[],
    n: number,
  ) {
    super(station, stream, n === 1)
    this.line = line
    this.#messages = messages
  }

  get end(): End {
    return this.line.client
  }

  step(): void {
    const { up, down } = this.line
    if (!this.#isConnected) {
      if (!this.stream.finishConnect()) return
      this.#isConnected = true
      this.#look()
    }
    for (;;) {
      const before = down.received
      const until = this.#messages.find((end) => end > down.received)
      if (until !== undefined) this.send(up, until)
      const hasEnded = this.receive((chunk) => down.arrived(chunk))
      if (hasEnded) {
        down.ended()
        this.close()
        return
      }
      if (down.isComplete && before < down.received) this.stream.shutdown(Shutdown.Write)
      if (before === down.received) return
    }
  }

  /** Asks for everything that a connection can be asked for. */
  #look(): void {
    const { stream } = this
    stream.peerAddr()
    stream.localAddr()
    stream.takeError()
    if (!(stream instanceof TcpStream)) return
    stream.setNodelay(true)
    stream.nodelay()
    stream.setTtl(stream.ttl())
    stream.peek(Buffer.alloc(1))
  }
}

class Served extends Side {
  #line: Line | undefined
  #hasEnded = false

  get end(): End | undefined {
    return this.#line?.server
  }

  step(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = this.receive((chunk) => {
        this.#line ??= this.station.world.ledger.find(chunk[0] as number)
        this.#line.up.arrived(chunk)
      })
      if (this.#hasEnded) this.#line?.up.ended()
    }
    const line = this.#line
    if (line !== undefined) this.send(line.down, line.up.received)
    const isSent = line === undefined || line.down.acknowledged === line.up.received
    if (this.#hasEnded && isSent) this.close()
  }
}

/** The program: a Poll, and what is registered with it. */
class Station {
  readonly world: World
  readonly poll: Poll
  readonly #events = Events.withCapacity(64)
  readonly #listeners = new Map<number, Listener>()
  readonly #sides = new Map<number, Side>()
  /** Listeners that could not accept for lack of something. */
  readonly #waiting = new Set<Listener>()
  #lastToken = 0
  hasPolled = false
  hasWoken = false

  constructor(world: World) {
    this.world = world
    this.poll = new Poll()
  }

  add(side: Side): Token {
    const token = this.#newToken()
    this.#sides.set(token, side)
    return token
  }

  remove(side: Side): void {
    this.#sides.delete(side.token)
  }

  get listeners(): Listener[] {
    return [...this.#listeners.values()]
  }

  listen(open: () => Listener): void {
    const listener = this.world.attempt('listen', open)
    if (listener === undefined) return
    const token = this.#newToken()
    try {
      this.poll.registry.register(listener, token, Interest.READABLE)
      this.#listeners.set(token, listener)
    } catch (error) {
      this.world.ledger.told('register', error)
      this.world.attempt('close', () => listener.close())
    }
  }

  /** Connects to a listener, with messages of at most these sizes. */
  dial(listener: Listener, sizes: readonly number[], n: number): Line | undefined {
    const { world } = this
    const address = world.attempt('localAddr', () => listener.localAddr())
    if (address === undefined) return undefined
    const stream = world.attempt('connect', () =>
      address instanceof UnixAddr ? UnixStream.connect(address) : TcpStream.connect(address),
    )
    if (stream === undefined) return undefined
    const messages = messagesOf(world.random, sizes)
    const line = world.ledger.line(`line ${n}`, messages.at(-1) as number, world.random)
    const client = new Client(this, stream, line, messages, n)
    this.#guard(client, () => {
      // So that the system takes less than there is.
      if (n === 0) stream.options.setSendBufferSize(4608)
      this.poll.registry.register(stream, client.token, both)
    })
    return line
  }

  /** Until all connections are closed. */
  async serve(): Promise<void> {
    while (this.#sides.size > 0) {
      if (this.world.isLate) throw new Error(`hangs: ${this.#state()}`)
      await this.#wait(this.#waiting.size > 0 ? 10 : 500)
      const ready = [...this.#events].map((event) => event.token)
      for (const token of ready) this.#act(token)
      const waiting = [...this.#waiting]
      for (const listener of waiting) this.#accept(listener)
    }
  }

  close(): void {
    for (const side of this.#sides.values()) side.close()
    for (const listener of this.listeners) {
      this.world.attempt('deregister', () => this.poll.registry.deregister(listener))
      this.world.attempt('close', () => listener.close())
    }
    this.world.attempt('close', () => this.poll.close())
  }

  async #wait(timeout: number): Promise<void> {
    try {
      if (this.world.setting.io === 'sync') this.poll.poll(this.#events, timeout)
      else await this.poll.pollAsync(this.#events, { timeout })
      this.hasPolled = true
    } catch (error) {
      this.world.ledger.told('poll', error)
      await delay(5)
    }
  }

  #act(token: Token): void {
    if (token === wakerToken) this.hasWoken = true
    const listener = this.#listeners.get(token)
    if (listener !== undefined) this.#accept(listener)
    const side = this.#sides.get(token)
    if (side !== undefined) this.#guard(side, () => side.step())
  }

  #accept(listener: Listener): void {
    this.#waiting.delete(listener)
    for (;;) {
      try {
        const accepted = listener.accept()
        if (accepted === null) return
        this.#serve(accepted[0])
      } catch (error) {
        if (this.world.ledger.told('accept', error) === 'ERR_CONNECTION_ABORTED') {
          this.world.ledger.strangers += 1
        } else {
          // No event will come for those who wait.
          this.#waiting.add(listener)
          return
        }
      }
    }
  }

  #serve(stream: Stream): void {
    const served = new Served(this, stream, false)
    this.#guard(served, () => {
      if (stream instanceof TcpStream) stream.options.setKeepalive(true)
      this.poll.registry.register(stream, served.token, Interest.READABLE)
      this.poll.registry.reregister(stream, served.token, both)
    })
  }

  /** What fails ends the connection. */
  #guard(side: Side, operation: () => void): void {
    try {
      operation()
    } catch (error) {
      if (side.end === undefined) this.world.ledger.stranger(error)
      else side.end.failed(error)
      side.close()
    }
  }

  #newToken(): Token {
    this.#lastToken += 1
    return Token(this.#lastToken)
  }

  #state(): string {
    return [...this.#sides.values()].map((side) => side.end?.name ?? 'a stranger').join('; ')
  }
}

export const scenario: Scenario = {
  settings: [
    { io: 'sync', wake: 'uv' },
    { io: 'async', wake: 'uv' },
    { io: 'async', wake: 'thread' },
  ],

  async run(world) {
    const station = world.attempt('poll', () => new Station(world))
    if (station === undefined) return
    const waker = world.attempt('waker', () => new Waker(station.poll.registry, wakerToken))
    const isWoken =
      world.attempt('wake', () => waker !== undefined && (waker.wake(), true)) === true
    station.listen(() => TcpListener.bind('127.0.0.1:0'))
    const name = `mio-js faults ${process.pid}`
    station.listen(() => UnixListener.bind(UnixAddr.fromAbstractName(name)))
    const sizes = [[2000, 150_000], [20_000, 1, 20_000], [300]]
    for (const listener of station.listeners) {
      const isUnix = listener instanceof UnixListener
      const lines = isUnix ? [2] : [0, 1]
      for (const n of lines) station.dial(listener, sizes[n] as number[], n)
    }
    await station.serve()
    if (isWoken && station.hasPolled && !station.hasWoken) {
      world.ledger.violation('the waker was not heard')
    }
    await world.calm(async () => {
      for (const [n, listener] of station.listeners.entries()) {
        const line = station.dial(listener, [100, 5000], 10 + n)
        await station.serve()
        if (line?.down.isComplete !== true) world.ledger.violation('the listener is deaf')
      }
    })
    world.attempt('close', () => waker?.close())
    station.close()
  },
}
