/** How events of a connection reach the program. */
import type { Connection } from './connection.ts'
import { State } from './connection.ts'
import { socketClosed } from '../errors.ts'
import { run } from '../primordials.ts'
import type { Socket } from './socket.ts'

/** The close of a connection that is told later. */
export class Closing {
  readonly error: Error | undefined

  constructor(error: Error | undefined) {
    this.error = error
  }
}

type Callback<Value> = ((socket: Socket<unknown>, value: Value) => unknown) | undefined

/** Calls a handler, if there is one, in the connection's asynchronous context. */
export function tell<Value>(connection: Connection, callback: Callback<Value>, value: Value): void {
  if (callback !== undefined)
    run(connection.resource, callback, undefined, connection.socket, value)
}

export function tellEnd(connection: Connection): void {
  const { allowHalfOpen, callbacks } = connection.settings
  connection.state |= State.PEER_ENDED
  try {
    tell(connection, callbacks.end, undefined)
  } finally {
    if (!allowHalfOpen) connection.finish()
  }
}

/** The last event. Who has destroyed the connection need not know what else there was with it. */
export function tellClose(connection: Connection, failure: Error | undefined): void {
  const { departure, settings, state } = connection
  const error = (state & State.DESTROYED) === 0 ? failure : undefined
  end(connection)
  if ((state & State.DEPARTING) === 0) tell(connection, settings.callbacks.close, error)
  else departure?.reject(error ?? socketClosed())
}

/** The connection is over; what is waited for resolves once its last handler has returned. */
export function end(connection: Connection): void {
  const { lane, listener } = connection
  connection.state |= State.CLOSED
  lane.machine.stalled.delete(connection)
  lane.machine.ended()
  listener?.connectionClosed()
}
