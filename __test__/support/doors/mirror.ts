/** `mio-js` itself: an event loop on `Poll`, as programs write one. */
import {
  type Event,
  Events,
  Interest,
  Poll,
  Shutdown,
  type Source,
  TcpListener,
  TcpStream,
  Token,
} from 'mio-js'
import {
  type Door,
  type Ears,
  type Listening,
  type Patience,
  type Target,
  type Wire,
} from './door.js'
import { BOTH } from '../sockets.js'
import { nowhere } from './engine.js'

/** Reads of one stream until others have their turn. */
const turn = 4
/** Milliseconds until it is tried again to accept, when there is no descriptor. */
const patienceForRoom = 100

type Happen = (event: Event) => void

/** Waits, and tells each source. */
class Loop {
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(1024)
  readonly #sources = new Map<number, Happen>()
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  readonly buffer = Buffer.allocUnsafe(65_536)
  #last = 0

  constructor() {
    this.#ended = this.#run()
  }

  watch(source: Source, interest: Interest, happen: Happen): number {
    this.#last += 1
    this.#poll.registry.register(source, Token(this.#last), interest)
    this.#sources.set(this.#last, happen)
    return this.#last
  }

  forget(token: number): void {
    this.#sources.delete(token)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#ended
    this.#poll.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#poll.pollAsync(this.#events, { signal })
      } catch (error) {
        if ((error as Error).name === 'AbortError') return
        throw error
      }
      for (const event of this.#events) this.#sources.get(event.token)?.(event)
    }
  }
}

type Beginning = [loop: Loop, stream: TcpStream, ears: Ears, patience: Patience]

class MirrorWire implements Wire {
  readonly #loop: Loop
  readonly #stream: TcpStream
  readonly #ears: Ears
  readonly #unsent: Buffer[] = []
  readonly #token: number
  readonly #patience: Patience
  #isConnected = false
  #isPaused = false
  #isReadable = true
  #isEnding = false
  #hasEnded = false
  #hasPeerEnded = false
  #isClosed = false
  #wantsDrain = false

  private constructor(...[loop, stream, ears, patience]: Beginning) {
    this.#loop = loop
    this.#stream = stream
    this.#ears = ears
    this.#patience = patience
    this.#token = loop.watch(stream, BOTH, this.#happen)
  }

  /** For a stream that connects. */
  static connecting(...args: Beginning): void {
    void new MirrorWire(...args)
  }

  /** For a stream that was accepted. */
  static accepted(...args: Beginning): void {
    const wire = new MirrorWire(...args)
    wire.#isConnected = true
    wire.#open()
  }

  write(bytes: Buffer): boolean {
    if (this.#isClosed) return false
    this.#unsent.push(bytes)
    this.#guard(() => this.#send())
    this.#wantsDrain ||= this.#unsent.length > 0
    return this.#unsent.length === 0
  }

  end(): void {
    if (this.#isClosed) return
    this.#isEnding = true
    this.#guard(() => this.#send())
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    setImmediate(this.#readOn)
  }

  reset(): void {
    if (this.#isClosed) return
    this.#stream.options.setLinger(0)
    this.#close(undefined)
  }

  readonly #happen = (event: Event): void => {
    if (this.#isClosed) return
    if (!this.#isConnected) {
      this.#guard(() => {
        this.#isConnected = this.#stream.finishConnect()
      })
      if (!this.#isConnected) return
      this.#open()
    }
    this.#isReadable ||= event.isReadable()
    this.#guard(() => this.#send())
    this.#readOn()
  }

  #open(): void {
    const { keepAlive, userTimeout } = this.#patience
    const { options } = this.#stream
    if (userTimeout !== undefined) options.setUserTimeout(userTimeout)
    if (keepAlive !== undefined) {
      const { delay: time, interval, count } = keepAlive
      options.setKeepalive({ enabled: true, time, interval, count })
    }
    this.#ears.open(this)
  }

  readonly #readOn = (): void => {
    this.#guard(() => this.#read())
  }

  #read(): void {
    const { buffer } = this.#loop
    for (let reads = 0; reads < turn; reads += 1) {
      if (this.#isClosed || this.#isPaused || !this.#isReadable || this.#hasPeerEnded) return
      const count = this.#stream.read(buffer)
      if (count === null) {
        this.#isReadable = false
      } else if (count === 0) {
        this.#hasPeerEnded = true
        this.#ears.end(this)
        this.#closeIfOver()
      } else this.#ears.data(this, Buffer.from(buffer.subarray(0, count)))
    }
    setImmediate(this.#readOn)
  }

  #send(): void {
    if (!this.#isConnected) return
    while (this.#unsent.length > 0) {
      const [first] = this.#unsent as [Buffer]
      const count = this.#stream.write(first)
      if (count === null) return
      if (count < first.length) this.#unsent[0] = first.subarray(count)
      else this.#unsent.shift()
    }
    if (this.#isEnding && !this.#hasEnded) {
      this.#hasEnded = true
      this.#stream.shutdown(Shutdown.Write)
      this.#closeIfOver()
    } else if (this.#wantsDrain) {
      this.#wantsDrain = false
      this.#ears.drain(this)
    }
  }

  #closeIfOver(): void {
    if (this.#hasEnded && this.#hasPeerEnded) this.#close(undefined)
  }

  /** Closes on an error of the system; others are mistakes of the program. */
  #guard(operation: () => void): void {
    if (this.#isClosed) return
    try {
      operation()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
      this.#close(error as NodeJS.ErrnoException)
    }
  }

  #close(error: NodeJS.ErrnoException | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#loop.forget(this.#token)
    this.#stream.close()
    setImmediate(() => this.#ears.close(this, error))
  }
}

export class MirrorDoor implements Door {
  readonly #loop = new Loop()

  async listen(host: string, ears: () => Ears, patience: Patience = {}): Promise<Listening> {
    const listener = TcpListener.bind({ address: host, port: 0 }, { backlog: 511 })
    let timer: NodeJS.Timeout | undefined
    const accept = (): void => {
      try {
        for (let accepted = listener.accept(); accepted !== null; accepted = listener.accept()) {
          MirrorWire.accepted(this.#loop, accepted[0], ears(), patience)
        }
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code === 'ERR_CONNECTION_ABORTED'
        clearTimeout(timer)
        timer = setTimeout(accept, isGone ? 0 : patienceForRoom)
      }
    }
    const token = this.#loop.watch(listener, Interest.READABLE, accept)
    return {
      port: listener.localAddr().port,
      close: async () => {
        clearTimeout(timer)
        this.#loop.forget(token)
        listener.close()
      },
    }
  }

  connect(to: Target, ears: Ears, patience: Patience = {}): void {
    try {
      const stream = TcpStream.connect({ address: to.host, port: to.port })
      MirrorWire.connecting(this.#loop, stream, ears, patience)
    } catch (error) {
      setImmediate(() => ears.close(nowhere, error as NodeJS.ErrnoException))
    }
  }

  async close(): Promise<void> {
    await this.#loop.stop()
  }
}
