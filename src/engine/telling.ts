/** How events of a connection reach the program. */
import type { Connection } from './connection.ts'
import { State } from './connection.ts'
import { socketClosed } from '../errors.ts'
import { now, run } from '../primordials.ts'
import type { Callbacks } from './handlers.ts'
import type { Socket } from './socket.ts'
import { slowest, slowHandler, tellSocketClose } from './telemetry.ts'

/** The close of a connection that is told later. */
export class Closing {
  readonly error: Error | undefined

  constructor(error: Error | undefined) {
    this.error = error
  }
}

type Name = keyof Callbacks
type ValueOf<Handler extends Name> = Parameters<NonNullable<Callbacks[Handler]>>[1]
type Callback<Value> = (socket: Socket<unknown>, value: Value) => unknown

/** Calls a handler, if there is one, in the connection's asynchronous context. */
export function tell<Handler extends Name>(
  connection: Connection,
  name: Handler,
  value: ValueOf<Handler>,
): void {
  const callback = connection.settings.callbacks[name] as Callback<ValueOf<Handler>> | undefined
  if (callback !== undefined) call(connection, name, callback, value)
}

/** Calls one that there is. */
export function call<Value>(
  connection: Connection,
  name: Name,
  callback: Callback<Value>,
  value: Value,
): void {
  const { resource, socket } = connection
  if (slowHandler.hasSubscribers) {
    timed(socket, name, () => run(resource, callback, undefined, socket, value))
  } else run(resource, callback, undefined, socket, value)
}

/** Publishes what takes long, for the time that it holds the thread. */
export function timed(socket: Socket<unknown>, name: Name, operation: () => unknown): void {
  const start = now()
  try {
    operation()
  } finally {
    const milliseconds = now() - start
    if (milliseconds >= slowest) slowHandler.publish({ socket, handler: name, milliseconds })
  }
}

export function tellEnd(connection: Connection): void {
  connection.state |= State.PEER_ENDED
  try {
    tell(connection, 'end', undefined)
  } finally {
    if (!connection.settings.allowHalfOpen) connection.finish()
  }
}

/** The last event. Who has destroyed the connection need not know what else there was with it. */
export function tellClose(connection: Connection, failure: Error | undefined): void {
  const { departure, state } = connection
  const error = (state & State.DESTROYED) === 0 ? failure : undefined
  // What never opened is a connect that failed.
  if ((state & State.OPENING) === 0) tellSocketClose(connection, error)
  end(connection)
  if ((state & State.DEPARTING) === 0) tell(connection, 'close', error)
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
