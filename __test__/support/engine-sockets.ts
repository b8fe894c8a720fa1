/** Sockets of the engine that write down what happens to them, and their peers. */
import type { ExecutionContext } from 'ava'
import { Shutdown, TcpStream } from 'mio-js'
import type {
  AdoptOptions,
  ConnectOptions,
  Engine,
  Handlers,
  ListenOptions,
  Server,
  Socket,
} from 'mio-js/engine'
import { type Driver, soon } from './engine.js'
import { closing } from './sockets.js'
import { until } from './until.js'
import { long } from './patience.js'

/** A socket whose `data` is its journal. */
export type Told = Socket<Journal>

type Event = keyof Handlers

/** What happened to one socket, in order. */
export class Journal {
  readonly events: Event[] = []
  readonly chunks: Buffer[] = []
  socket!: Told
  /** What `close` came with. */
  error: NodeJS.ErrnoException | undefined
  #received = 0
  readonly #waiting = new Set<() => void>()

  /** Notes an event, and then does what a test does with it. */
  note(socket: Told, event: Event, operation?: (socket: Told) => unknown): unknown {
    this.socket = socket
    this.events.push(event)
    try {
      return operation?.(socket)
    } finally {
      for (const check of this.#waiting) check()
    }
  }

  take(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.#received += chunk.length
  }

  get received(): number {
    return this.#received
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** The events without the number of chunks that the data came in. */
  get story(): string {
    return this.events.filter((event, n) => event !== 'data' || this.events[n - 1] !== event).join()
  }

  count(event: Event): number {
    return this.events.filter((candidate) => candidate === event).length
  }

  /** Resolves when `condition` holds after an event; at once if it holds now. */
  async until(condition: () => boolean, what = 'a condition of a journal'): Promise<void> {
    if (condition()) return
    let check!: () => void
    const held = new Promise<void>((resolve) => {
      check = () => {
        if (condition()) resolve()
      }
    })
    this.#waiting.add(check)
    try {
      await soon(held, what)
    } catch (error) {
      throw new Error(`${what}; there were: ${this.story}`, { cause: error })
    } finally {
      this.#waiting.delete(check)
    }
  }

  async saw(event: Event, times = 1): Promise<void> {
    await this.until(() => this.count(event) >= times, `'${event}' comes`)
  }

  async has(length: number): Promise<void> {
    await this.until(() => this.#received >= length, `${length} bytes come`)
  }
}

/** Handlers that note each event and then do what `extra` does. */
export function noting(extra: Handlers<Journal> = {}): Handlers<Journal> {
  return {
    open: (socket) => socket.data.note(socket, 'open', extra.open),
    data(socket, chunk) {
      socket.data.take(chunk)
      return socket.data.note(socket, 'data', (self) => extra.data?.(self, chunk))
    },
    drain: (socket) => socket.data.note(socket, 'drain', extra.drain),
    end: (socket) => socket.data.note(socket, 'end', extra.end),
    timeout: (socket) => socket.data.note(socket, 'timeout', extra.timeout),
    close(socket, error) {
      socket.data.error = error
      return socket.data.note(socket, 'close', (self) => extra.close?.(self, error))
    },
  }
}

type Without<Options> = Omit<Options, 'socket' | 'data'>

/** A server, and the journals of what it accepted. */
export interface Serving {
  readonly server: Server
  readonly port: number
  readonly journals: Journal[]
  /** The journal of the n-th socket, which is open. */
  opened: (n?: number) => Promise<Journal>
}

export function serve(
  engine: Engine,
  extra?: Handlers<Journal>,
  options: Without<ListenOptions<Journal>> = {},
): Serving {
  const journals: Journal[] = []
  const server = engine.listen<Journal>({
    hostname: '127.0.0.1',
    ...options,
    data() {
      const journal = new Journal()
      journals.push(journal)
      return journal
    },
    socket: noting(extra),
  })
  const opened = async (n = 0): Promise<Journal> => {
    await until('a connection is accepted', () => journals[n] !== undefined)
    const journal = journals[n]!
    await journal.saw('open')
    return journal
  }
  return { server, port: server.port ?? 0, journals, opened }
}

export async function dial(
  engine: Engine,
  to: Without<ConnectOptions<Journal>>,
  extra?: Handlers<Journal>,
): Promise<Journal> {
  const journal = new Journal()
  const hostname = to.path === undefined ? { hostname: '127.0.0.1' } : {}
  await soon(
    engine.connect<Journal>({ ...hostname, ...to, data: () => journal, socket: noting(extra) }),
    'a connect',
  )
  return journal
}

export function adopting(
  engine: Engine,
  fd: number,
  extra?: Handlers<Journal>,
  options: Without<AdoptOptions<Journal>> = {},
): Journal {
  const journal = new Journal()
  journal.socket = engine.adopt<Journal>(fd, {
    ...options,
    data: () => journal,
    socket: noting(extra),
  })
  return journal
}

/** A peer whose system calls the test makes itself, at once. */
export async function peerAt(t: ExecutionContext, port: number): Promise<TcpStream> {
  const peer = closing(t, TcpStream.connect(`127.0.0.1:${port}`))
  await until('the peer is connected', () => peer.finishConnect())
  return peer
}

export interface Accepted extends Serving {
  readonly engine: Engine
  readonly journal: Journal
  readonly socket: Told
  readonly peer: TcpStream
}

/** A socket that a server accepted, and its peer. */
export async function accepted(
  t: ExecutionContext,
  engine: Engine,
  extra?: Handlers<Journal>,
  options?: Without<ListenOptions<Journal>>,
): Promise<Accepted> {
  const serving = serve(engine, extra, options)
  const peer = await peerAt(t, serving.port)
  const journal = await serving.opened()
  return { ...serving, engine, journal, socket: journal.socket, peer }
}

export interface Linked {
  readonly server: Server
  readonly client: Journal
  readonly accepted: Journal
}

/** Both ends of a connection, of the same engine. */
export async function linked(
  engine: Engine,
  ofServer?: Handlers<Journal>,
  ofClient?: Handlers<Journal>,
  options: Without<ListenOptions<Journal>> = {},
): Promise<Linked> {
  const { server, port, opened } = serve(engine, ofServer, options)
  const client = await dial(engine, { ...options, hostname: '127.0.0.1', port }, ofClient)
  return { server, client, accepted: await opened() }
}

/** A turn of the event loop. */
export async function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Turns enough for anything that would come although it must not. */
export async function turns(count = 200): Promise<void> {
  for (let n = 0; n < count; n += 1) await turn()
}

/**
 * Writes one after another, without a turn of the event loop: handlers find all of it in one batch.
 * With an I/O thread each is read by itself; inline, what one peer wrote is one chunk.
 */
export function sendAtOnce(
  engine: Engine,
  driver: Driver,
  parts: Iterable<readonly [peer: TcpStream, bytes: string | Buffer]>,
): void {
  for (const [peer, bytes] of parts) {
    const expected = engine.stats().bytesRead + bytes.length
    peer.write(Buffer.from(bytes))
    if (driver === 'thread') spin('the thread reads', () => engine.stats().bytesRead >= expected)
  }
}

/** Waits without a turn of the event loop, for what a thread does. */
export function spin(what: string, condition: () => boolean): void {
  const end = performance.now() + long(10_000)
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`)
  }
}

/** The letters one after another, and the end. */
export function sendLetters(engine: Engine, driver: Driver, peer: TcpStream, text: string): void {
  sendAtOnce(
    engine,
    driver,
    Array.from(text, (letter) => [peer, letter] as const),
  )
  peer.shutdown(Shutdown.Write)
}

/** Everything up to the peer's FIN; rejects with ECONNRESET and its kind. */
export async function readToEnd(peer: TcpStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(64 * 1024)
  await until('the end is there', () => {
    for (;;) {
      const count = peer.read(buffer)
      if (count === null) return false
      if (count === 0) return true
      chunks.push(Buffer.from(buffer.subarray(0, count)))
    }
  })
  return Buffer.concat(chunks)
}

/** Bytes without a pattern that a shift would hide; the same for the same seed. */
export function noise(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = (seed * 0x9e3779b9) >>> 0 || 1
  for (let n = 0; n < words.length; n += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[n] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

/** Asserts that bytes are equal, without showing megabytes of them. */
export function sameBytes(
  t: ExecutionContext,
  actual: Uint8Array,
  expected: Uint8Array,
  what = 'the bytes',
): void {
  t.is(actual.length, expected.length, `${what}: the length`)
  const at =
    Buffer.compare(actual, expected) === 0 ? -1 : actual.findIndex((b, n) => b !== expected[n])
  t.is(at, -1, `${what}: the first difference`)
}
