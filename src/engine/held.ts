import type { Connection } from './connection.ts'
import { State } from './connection.ts'
import { Closing, tell, tellClose, tellEnd } from './telling.ts'

/** The peer's FIN, in a queue. */
export const end = Symbol('end')

type HeldEvent = Buffer | typeof end | Closing

/**
 * What came for a paused socket, or before it was open, in order. When it may go on, each event gets
 * a turn of the event loop to itself, and what arrives meanwhile queues up behind.
 */
export class Held {
  readonly #connection: Connection
  #events: HeldEvent[] = []
  #isScheduled = false

  /** Becomes what the connection holds. */
  constructor(connection: Connection) {
    this.#connection = connection
    connection.held = this
    connection.state |= State.HOLDING
  }

  push(event: HeldEvent): void {
    this.#events.push(event)
    this.pump()
  }

  /** Goes on, if it may: a paused socket gets no data. */
  pump(): void {
    if (this.#isScheduled || this.#isStuck()) return
    this.#isScheduled = true
    setImmediate(this.#onTurn)
  }

  #isStuck(): boolean {
    const isWaiting = (this.#connection.state & (State.PAUSED | State.OPENING)) !== 0
    return isWaiting && this.#events[0] instanceof Uint8Array
  }

  /** Gives up data and end, and returns the data. A close is still told. */
  clear(): Buffer[] {
    const data = this.#events.filter((event) => event instanceof Uint8Array)
    this.#events = this.#events.filter((event) => event instanceof Closing)
    if (this.#events.length === 0) this.#end()
    else this.pump()
    return data
  }

  readonly #onTurn = (): void => {
    this.#isScheduled = false
    if (this.#isStuck()) return
    const event = this.#events.shift()
    if (this.#events.length > 0) this.pump()
    else this.#end()
    const connection = this.#connection
    if (event === undefined) return
    if (event === end) tellEnd(connection)
    else if (event instanceof Closing) tellClose(connection, event.error)
    else tell(connection, 'data', event)
  }

  #end(): void {
    const connection = this.#connection
    if (connection.held !== this) return
    connection.held = undefined
    connection.state &= ~State.HOLDING
    if ((connection.state & State.PAUSED) === 0) connection.restart()
  }
}
