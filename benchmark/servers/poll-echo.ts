/**
 * What an echo server on `Poll` does, written as a program would have to be: it drains, keeps what the
 * system does not take, and forgets connections that end.
 *
 * When is a connection drained? Everywhere when `read` returns `null`. With epoll and kqueue also when
 * a read returned less than there was room for, unless the peer has closed: what arrives later is a
 * new edge. That saves a system call for each message, as in tokio and libuv.
 */
import { Events, Interest, Poll, Readiness, type TcpListener, type TcpStream, Token } from 'mio-js'

interface Connection {
  readonly stream: TcpStream
  /** Read, and not written yet. */
  unsent: Buffer | null
}

const listenerToken = Token(0)
const interest = Interest.READABLE.add(Interest.WRITABLE)

export class PollEcho {
  readonly #poll = new Poll()
  readonly #events = Events.withCapacity(1024)
  readonly #connections: (Connection | undefined)[] = [undefined]
  readonly #free: number[] = []
  readonly #buffer = Buffer.allocUnsafeSlow(65_536)
  readonly #shortReadDrains: boolean
  #listener: TcpListener | null = null
  #onConnection = (stream: TcpStream): void => {
    this.add(stream)
  }

  constructor(shortReadDrains: boolean) {
    this.#shortReadDrains = shortReadDrains && process.platform !== 'win32'
  }

  /** Accepts from this listener, for somebody else if that is given. */
  listen(listener: TcpListener, onConnection = this.#onConnection): void {
    this.#listener = listener
    this.#onConnection = onConnection
    this.#poll.registry.register(listener, listenerToken, Interest.READABLE)
  }

  add(stream: TcpStream): void {
    const slot = this.#free.pop() ?? this.#connections.length
    try {
      stream.setNodelay(true)
    } catch {
      // It is reset already, which some systems say here; the read will say so as well.
    }
    this.#poll.registry.register(stream, Token(slot), interest)
    this.#connections[slot] = { stream, unsent: null }
  }

  block(): never {
    for (;;) {
      this.#poll.poll(this.#events)
      this.#turn()
    }
  }

  async serve(): Promise<never> {
    for (;;) {
      await this.#poll.pollAsync(this.#events)
      this.#turn()
    }
  }

  #turn(): void {
    const { length } = this.#events
    for (let index = 0; index < length; index += 1) {
      const token = this.#events.tokenAt(index)
      if (token === listenerToken) this.#listener?.acceptAll(this.#onConnection)
      else this.#serve(token, this.#events.readinessAt(index))
    }
  }

  #serve(slot: number, readiness: number): void {
    const connection = this.#connections[slot]
    if (connection === undefined) return
    const { stream } = connection
    const buffer = this.#buffer
    try {
      while (flush(connection)) {
        const read = stream.read(buffer)
        if (read === null) return
        if (read === 0) break
        const written = stream.write(buffer, 0, read) ?? 0
        if (written < read) connection.unsent = Buffer.from(buffer.subarray(written, read))
        else if (this.#shortReadDrains && read < buffer.length && !isReadClosed(readiness)) return
      }
      if (connection.unsent !== null) return
    } catch {
      // The peer reset the connection.
    }
    stream.close()
    this.#connections[slot] = undefined
    this.#free.push(slot)
  }
}

/** Whether everything that was read has been written. */
function flush(connection: Connection): boolean {
  while (connection.unsent !== null) {
    const written = connection.stream.write(connection.unsent)
    if (written === null) return false
    const { length } = connection.unsent
    connection.unsent = written === length ? null : connection.unsent.subarray(written)
  }
  return true
}

function isReadClosed(readiness: number): boolean {
  return (readiness & Readiness.READ_CLOSED) !== 0
}
