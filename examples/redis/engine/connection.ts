import type { Socket } from 'mio-js/engine'
import type { Database, Session } from '../command.ts'
import { execute } from '../command-table.ts'
import { Input } from '../input.ts'
import { HIGH_WATER, MAX_QUERY } from '../limits.ts'
import { BROKEN, INCOMPLETE, RequestParser } from '../parser.ts'
import type { ReplyBuffer } from '../reply.ts'

/**
 * One client. Whatever arrives is parsed and run at once, and all replies to it leave in one write.
 *
 * A client that does not read its replies is not read from: the socket is paused as soon as it has
 * too many of them, and the next commands wait in the client's own system until it has caught up.
 */
export class Connection implements Session {
  readonly id: number
  readonly database: Database
  name = ''
  closing = false

  readonly #socket: Socket<Connection>
  readonly #reply: ReplyBuffer
  readonly #input = new Input()
  readonly #parser = new RequestParser()
  /** Too many replies wait in the socket; a `drain` will come. */
  #isFull = false
  /** The client sends no more. */
  #hasEnded = false

  /** `reply` serves all connections: it is empty between two events. */
  constructor(id: number, socket: Socket<Connection>, database: Database, reply: ReplyBuffer) {
    this.id = id
    this.database = database
    this.#socket = socket
    this.#reply = reply
  }

  received(chunk: Buffer): void {
    this.#input.add(chunk, this.#parser.missing)
    this.#serve()
  }

  drained(): void {
    this.#isFull = false
    this.#serve()
  }

  ended(): void {
    this.#hasEnded = true
    this.#serve()
  }

  /** Closes when the replies so far have left. */
  close(): void {
    this.#socket.close()
  }

  #serve(): void {
    let isIdle = false
    while (!isIdle && !this.#isFull) {
      isIdle = this.#runCommands()
      this.#send()
    }
    this.#input.settle()
    this.#parser.request.release()

    if (this.#isFull) this.#socket.pause()
    else if (this.closing) this.#socket.close()
    // Everything that came before the end is answered: a client may send, end its side, then read.
    else if (this.#hasEnded) this.#socket.end()
    else if (this.#input.length > MAX_QUERY) this.#socket.terminate()
    else this.#socket.resume()
  }

  /** Runs whole commands; false when it stopped because of their replies' size. */
  #runCommands(): boolean {
    const input = this.#input
    const parser = this.#parser
    const reply = this.#reply
    while (!this.closing) {
      if (reply.length >= HIGH_WATER) return false
      const progress = parser.parse(input.bytes, input.start, input.end)
      input.start = parser.next
      if (progress === INCOMPLETE) return true
      if (progress === BROKEN) {
        reply.error(parser.error)
        this.closing = true
        return true
      }
      execute(parser.request, reply, this)
    }
    return true
  }

  #send(): void {
    const reply = this.#reply
    if (reply.overflowed) {
      this.closing = true
      this.#socket.terminate()
    } else if (reply.length > 0) {
      // The bytes are copied at once, so that the buffer is free for the next connection.
      this.#isFull = !this.#socket.write(reply.bytes.subarray(0, reply.length))
    }
    reply.clear()
  }
}
