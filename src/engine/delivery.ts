/**
 * Delivers batches of completions.
 *
 * One entry goes through what is there and tells each connection at most one thing, so that promises
 * and `process.nextTick` run before its next event: after `await once(socket, 'data')` nobody has
 * missed the `end` that came in the same segment. What is left of a connection waits in `deferred`
 * for the next entry. The cursor moves on before a handler is called: one that throws leaves through
 * native code, which reports it and enters again.
 */
import { AsyncResource } from 'node:async_hooks'
import { failure, unrelatedFailure } from '../errors.ts'
import { run } from '../primordials.ts'
import { chunkOf, viewOf } from './chunk.ts'
import { Connection, State, detour, muted } from './connection.ts'
import { Held, end as endOfData } from './held.ts'
import type { Lane } from './lane.ts'
import type { Machine } from './machine.ts'
import { Kind, Op, headerWords, recordWords, syscalls, wantedAt } from './protocol.ts'
import { isCloseWatched, slowHandler, tellSocketClose, tellSocketOpen } from './telemetry.ts'
import { Closing, call, end, tell, tellClose, tellEnd, timed } from './telling.ts'

/**
 * What native code calls: with the number of records for a new batch, with 0 to go on with it, with
 * the number of a failure when the engine is no more. Returns 1 if another entry is needed, 0 if all
 * is delivered.
 */
export function dispatch(machine: Machine, lane: Lane, count: number): number {
  if (count < 0) return fail(machine, count)
  if (count > 0) {
    machine.count = count
    machine.cursor = 0
    const wanted = machine.records[wantedAt] as number
    if (wanted > 0) lane.donations.give(wanted)
  }
  machine.isDelivering = true
  machine.entry = (machine.entry + 1) | 0
  try {
    if (machine.deferred.length > 0) deliverDeferred(machine, lane)
    deliverRest(machine, lane)
  } finally {
    machine.isDelivering = false
    machine.flush()
  }
  return hasMore(machine) ? 1 : 0
}

function hasMore(machine: Machine): boolean {
  return machine.cursor < machine.count || machine.deferred.length > 0
}

function deliverRest(machine: Machine, lane: Lane): void {
  const { count, deferred } = machine
  while (machine.cursor < count) {
    const at = headerWords + recordWords * machine.cursor
    machine.cursor += 1
    if (!deliver(machine, lane, at)) deferred.push(at)
  }
}

/** Keeps the order of what stays deferred, also when a handler throws. */
function deliverDeferred(machine: Machine, lane: Lane): void {
  const { deferred } = machine
  const { length } = deferred
  let kept = 0
  let next = 0
  try {
    while (next < length) {
      const at = deferred[next] as number
      next += 1
      if (!deliver(machine, lane, at)) deferred[kept++] = at
    }
  } finally {
    while (next < length) deferred[kept++] = deferred[next++] as number
    deferred.length = kept
  }
}

/** Whether the record is dealt with. If not, its connection had an event in this entry. */
function deliver(machine: Machine, lane: Lane, at: number): boolean {
  const { records } = machine
  const head = records[at] as number
  const kind = head & 0xff
  if (kind === Kind.OPEN) {
    accept(machine, lane, at)
    return true
  }
  if (kind === Kind.LISTENER_CLOSED) {
    machine.listeners[records[at + 1] as number]?.laneClosed()
    return true
  }
  const connection = lane.find((records[at + 1] as number) | 0, (records[at + 2] as number) | 0)
  if (connection === undefined) {
    if (kind === Kind.DATA && head > 0xff) lane.donations.drop((head >>> 8) - 1)
    return true
  }
  if (connection.entry === machine.entry && kind !== Kind.WROTE) return false
  const acked = records[at + 5] as number
  if (acked > 0) connection.acknowledge(acked)
  if (kind === Kind.DATA) deliverData(machine, connection, head >>> 8, at)
  else if (kind !== Kind.WROTE) deliverOther(machine, connection, kind, at)
  return true
}

function deliverData(machine: Machine, connection: Connection, buffer: number, at: number): void {
  const { arena, records } = machine
  const length = records[at + 3] as number
  const offset = records[at + 4] as number
  const { borrow, callbacks } = connection.settings
  connection.bytesRead += length
  if ((connection.state & detour) !== 0 || callbacks.data === undefined) {
    setAside(connection, chunk(connection.lane, arena, buffer, offset, length))
    return
  }
  const bytes =
    borrow && buffer === 0
      ? viewOf(arena, offset, length)
      : chunk(connection.lane, arena, buffer, offset, length)
  connection.entry = machine.entry
  call(connection, 'data', callbacks.data, bytes)
}

function chunk(lane: Lane, arena: Buffer, buffer: number, offset: number, length: number): Buffer {
  return buffer === 0 ? chunkOf(arena, offset, length) : lane.donations.take(buffer - 1, length)
}

/** Data that no handler gets now. */
function setAside(connection: Connection, data: Buffer): void {
  const { state } = connection
  if ((state & State.DEPARTING) !== 0) connection.departure?.take([data])
  else if ((state & muted) === 0 && (state & detour) !== 0) hold(connection).push(data)
}

function hold(connection: Connection): Held {
  return connection.held ?? new Held(connection)
}

function deliverOther(machine: Machine, connection: Connection, kind: number, at: number): void {
  const isMuted = (connection.state & muted) !== 0
  // Even if there is no handler: nobody has missed anything then, and it is rare.
  connection.entry = machine.entry
  switch (kind) {
    case Kind.CONNECTED:
      connected(machine, connection, at)
      break
    case Kind.DRAINED:
      connection.state &= ~State.DRAINING
      if (!isMuted) tell(connection, 'drain', undefined)
      break
    case Kind.END:
      if (isMuted) break
      if (connection.held === undefined) tellEnd(connection)
      else connection.held.push(endOfData)
      break
    case Kind.TIMEOUT:
      if (!isMuted) tell(connection, 'timeout', undefined)
      break
    case Kind.CLOSED:
      closed(machine, connection, at)
      break
    case Kind.DETACHED:
      detached(machine, connection, at)
      break
    default:
  }
}

function accept(machine: Machine, lane: Lane, at: number): void {
  const { arena, records } = machine
  const index = (records[at + 1] as number) | 0
  const generation = (records[at + 2] as number) | 0
  const listener = machine.listeners[records[at + 3] as number]
  if (listener === undefined || listener.isRefusing) {
    lane.out.add(Op.RESET, index, generation, 0)
    return
  }
  const { resource, settings } = listener
  const context = run(resource, newContext, undefined, undefined, undefined) as AsyncResource
  const connection = new Connection(lane, index, generation, settings, listener, context)
  connection.locate(arena, records[at + 4] as number)
  tellSocketOpen(connection)
  if (settings.data === undefined && settings.callbacks.open === undefined) return
  connection.entry = machine.entry
  if (slowHandler.hasSubscribers) {
    timed(connection.socket, 'open', () => run(context, begin, undefined, connection, undefined))
  } else run(context, begin, undefined, connection, undefined)
}

function newContext(): AsyncResource {
  return new AsyncResource('MIO_SOCKET')
}

function begin(connection: Connection): void {
  const { settings, socket } = connection
  if (settings.data !== undefined) {
    try {
      const { data } = settings
      socket.data = data()
    } catch (error) {
      // Handlers would find no state: the program is never told of the socket.
      connection.abandon()
      throw error
    }
  }
  const { open } = settings.callbacks
  open?.(socket, undefined)
}

function connected(machine: Machine, connection: Connection, at: number): void {
  connection.locate(machine.arena, machine.records[at + 4] as number)
  connection.state &= ~State.OPENING
  tellSocketOpen(connection)
  if ((connection.state & muted) !== 0) return
  connection.attempt?.connected(connection)
  connection.attempt = undefined
  connection.held?.pump()
  tell(connection, 'open', undefined)
}

/** Native code has forgotten the connection. */
function forget(machine: Machine, connection: Connection): void {
  const isHeld = (connection.state & State.UNHELD) === 0
  connection.state |= State.GONE
  connection.lane.remove(connection)
  connection.acknowledge(connection.buffered)
  if (isHeld) machine.release()
}

function closed(machine: Machine, connection: Connection, at: number): void {
  const code = (machine.records[at + 3] as number) | 0
  const syscall = syscalls[machine.records[at + 4] as number] ?? ''
  const { attempt, held } = connection
  forget(machine, connection)
  if (attempt !== undefined) {
    end(connection)
    attempt.failed(code, syscall)
    return
  }
  const isTold =
    connection.settings.callbacks.close !== undefined ||
    connection.departure !== undefined ||
    isCloseWatched()
  const error = code === 0 || !isTold ? undefined : unrelatedFailure(code, syscall)
  if (held === undefined) {
    tellClose(connection, error)
    return
  }
  // What waits for an open that never comes is given up.
  if ((connection.state & State.OPENING) !== 0) held.clear()
  machine.stalled.add(connection)
  held.push(new Closing(error))
  connection.giveUp()
}

function detached(machine: Machine, connection: Connection, at: number): void {
  const low = machine.records[at + 3] as number
  const high = machine.records[at + 4] as number
  forget(machine, connection)
  tellSocketClose(connection, undefined)
  end(connection)
  connection.departure?.leave(low + high * 2 ** 32)
}

/** The engine is gone with all that it had. Each socket is told so, in a turn of its own. */
function fail(machine: Machine, code: number): never {
  const error = failure(code, 'poll')
  machine.failed()
  machine.cursor = machine.count
  machine.deferred.length = 0
  for (const lane of machine.lanes) {
    for (const connection of lane.connections()) {
      const { attempt } = connection
      forget(machine, connection)
      connection.held = undefined
      setImmediate(() => {
        if (attempt === undefined) {
          tellClose(connection, error)
          return
        }
        end(connection)
        attempt.failed(code, 'poll')
      })
    }
    for (const listener of machine.listeners) listener?.laneClosed()
  }
  throw error
}
