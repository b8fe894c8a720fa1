import type { TcpStream } from 'mio-js'
import type { Database, Session } from '../command.ts'
import { execute } from '../command-table.ts'
import { isSystemError } from '../errors.ts'
import { Input } from '../input.ts'
import { HIGH_WATER, MAX_OUTPUT, MAX_QUERY } from '../limits.ts'
import { BROKEN, INCOMPLETE, RequestParser } from '../parser.ts'
import type { ReplyBuffer } from '../reply.ts'
import { Unsent, writeUntilFull } from './unsent.ts'

/** Bytes one connection may move per turn before the others have theirs. */
const TURN_BUDGET = 1024 * 1024

/** Nothing to do until the poll reports an event. */
export const WAITING = 0
/** The turn's budget is used up; there may be more, and no event will say so. */
export const UNFINISHED = 1
/** The connection is at its end. */
export const ENDED = 2

export type Outcome = typeof WAITING | typeof UNFINISHED | typeof ENDED

/** Memory that every connection uses during its turn and leaves empty. */
export interface Workspace {
  readonly scratch: Buffer
  readonly reply: ReplyBuffer
}

/**
 * One client. The poll is edge triggered: it reports that a socket has become readable or writable
 * once. So a turn reads until there is nothing left and writes until the socket is full, or says that
 * it has not, to be called again without an event.
 */
export class Connection implements Session {
  readonly id: number
  readonly database: Database
  readonly stream: TcpStream
  name = ''
  closing = false
  /** It is on the server's list for the next turn. */
  scheduled = false

  readonly #reply: ReplyBuffer
  readonly #scratch: Buffer
  readonly #input = new Input()
  readonly #parser = new RequestParser()
  readonly #unsent = new Unsent()
  /** The socket took less than it was given in this turn. */
  #full = false

  constructor(id: number, stream: TcpStream, database: Database, workspace: Workspace) {
    this.id = id
    this.stream = stream
    this.database = database
    this.#reply = workspace.reply
    this.#scratch = workspace.scratch
  }

  /** Reads, runs and answers what there is. */
  turn(): Outcome {
    try {
      return this.#turn()
    } catch (error) {
      // Only the socket's own failures end a connection; a mistake in this program must be seen.
      if (isSystemError(error)) return ENDED
      throw error
    } finally {
      this.#reply.clear()
      this.#input.settle()
      if (this.#input.length === 0) this.#parser.request.release()
    }
  }

  #turn(): Outcome {
    this.#full = false
    if (this.#unsent.length > 0) this.#flush()

    let budget = TURN_BUDGET
    let outcome: Outcome = WAITING
    for (;;) {
      const idle = this.#runCommands()
      if (this.#reply.overflowed) return ENDED
      if (this.#reply.length >= HIGH_WATER) {
        budget -= this.#reply.length
        this.#send()
      }
      if (this.closing || this.#unsent.length >= HIGH_WATER) break
      if (budget <= 0) {
        outcome = UNFINISHED
        break
      }
      // There are commands left that only waited for the replies before them to leave.
      if (!idle) continue
      if (this.#input.length > MAX_QUERY) return ENDED

      const count = this.#read()
      if (count === null) break
      if (count === 0) {
        // What came before the end is answered: a client may send, close its side and then read.
        this.closing = true
        break
      }
      budget -= count
    }

    this.#send()
    if (this.#unsent.length > MAX_OUTPUT) return ENDED
    if (!this.closing) return outcome
    if (this.#unsent.length > 0) return WAITING
    this.#discard()
    return ENDED
  }

  /** Reads to where the bytes need not be copied; the result is that of the stream. */
  #read(): number | null {
    const input = this.#input
    const isEmpty = input.length === 0
    const count = this.stream.read(isEmpty ? this.#scratch : input.room(this.#parser.missing))
    if (count === null) return null
    if (isEmpty) input.lend(this.#scratch, count)
    else input.added(count)
    return count
  }

  /** Runs whole commands; false when it stopped because of their replies' size. */
  #runCommands(): boolean {
    const input = this.#input
    const parser = this.#parser
    const reply = this.#reply
    while (!this.closing) {
      if (reply.length + this.#unsent.length >= HIGH_WATER) return false
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

  /** Sends the replies; keeps a copy of what the socket does not take. */
  #send(): void {
    const reply = this.#reply
    if (reply.length === 0) return
    let left: Buffer = reply.bytes.subarray(0, reply.length)
    if (this.#unsent.length === 0) {
      left = writeUntilFull(this.stream, left)
      this.#full = left.length > 0
    } else if (!this.#full) {
      this.#flush()
    }
    if (left.length > 0) this.#unsent.add(Buffer.from(left))
    reply.clear()
  }

  #flush(): void {
    this.#unsent.flush(this.stream)
    this.#full = this.#unsent.length > 0
  }

  /**
   * Reads what has arrived and will not be answered, in bounds: a socket closed with unread bytes
   * resets the connection, and the peer may never see the last reply.
   */
  #discard(): void {
    let budget = TURN_BUDGET
    while (budget > 0) {
      const count = this.stream.read(this.#scratch)
      if (count === null || count === 0) return
      budget -= count
    }
  }
}
