/**
 * The engine's sockets and the streams on top of them. Handlers are shared; the engine's socket has
 * the stream as its `data`.
 */
import type { Handlers } from '../engine/handlers.ts'
import { State as Ends } from '../engine/connection.ts'
import { type Socket as Link, connectionOf } from '../engine/socket.ts'
import { socketIsClosed, systemFailure } from './errors.ts'
import { holdWhileActive, isReceiving } from './holding.ts'
import { guardIdle } from './idle-guard.ts'
import { moveTimeout } from './timeout.ts'
import type { Socket } from './socket.ts'
import { type Chunks, type Done, type State, stateOf } from './state.ts'

/** What accepted and connected sockets have in common. */
export const handlers: Handlers<Socket> = {
  data: onData,
  drain: onDrain,
  end: onEnd,
  timeout: onTimeout,
  close: onClose,
}

/** The stream has a connection from here on. */
export function attach(socket: Socket, link: Link<unknown>): void {
  const state = stateOf(socket)
  link.data = socket
  state.link = link
  state.last = link
  state.isReading = true
  state.isPeerEnded = false
  holdWhileActive(state)
  moveTimeout(state, link)
}

/**
 * The connection as a program sees it: one that both ends have ended is gone here, and still there for
 * who has not read all of it.
 */
export function placeOf(socket: Socket): Link<unknown> | undefined {
  const { link, last } = stateOf(socket)
  return link ?? (socket.destroyed ? undefined : last)
}

/** The connection is gone: what is known of it is kept, and the next one begins with nothing. */
export function forget(state: State, link: Link<unknown>): void {
  state.bytesRead = link.bytesRead
  state.bytesWritten = link.bytesWritten
  state.link = undefined
  state.isReading = false
  state.isReset = false
  state.writing = undefined
  state.finishing = undefined
}

/**
 * What the engine's socket has as its `data` from when the program destroys the stream, until its
 * `close`: the stream may have another connection by then.
 */
export class Destroyed {
  readonly socket: Socket
  readonly hadError: boolean
  readonly writing: Done | undefined

  constructor(socket: Socket, hadError: boolean, writing: Done | undefined) {
    this.socket = socket
    this.hadError = hadError
    this.writing = writing
  }

  /** The descriptor is closed. */
  tell(): void {
    this.writing?.()
    this.socket.emit('close', this.hadError)
  }
}

/**
 * Closes the descriptor; `close` is told when that is done. What was called back is sent, as core has
 * given it to the system by then: only the write that is in progress may be lost.
 */
export function closeLink(socket: Socket, link: Link<unknown>, hadError: boolean): void {
  const state = stateOf(socket)
  const { isReset, writing, writingLength } = state
  link.data = new Destroyed(socket, hadError, writing)
  forget(state, link)
  // Its `close` is told even if nothing else keeps the process alive.
  link.ref()
  if (isReset) link.terminate()
  else connectionOf(link).destroy(writing === undefined ? 0 : writingLength)
}

/** Gives bytes to the engine, which copies them at once. Whether it had room. */
export function write(
  state: State,
  link: Link<unknown>,
  data: Buffer | string,
  encoding: BufferEncoding,
  done: Done,
): void {
  const before = link.bytesWritten
  let hasRoom: boolean
  try {
    hasRoom = give(link, data, encoding)
  } catch (error) {
    done(error as Error)
    return
  }
  wrote(state, link, hasRoom, before, done)
}

/** As {@link write}, of all that a stream has. */
export function writeAll(state: State, link: Link<unknown>, chunks: Chunks, done: Done): void {
  const before = link.bytesWritten
  let hasRoom = true
  try {
    for (const { chunk, encoding } of chunks) hasRoom = give(link, chunk, encoding)
  } catch (error) {
    done(error as Error)
    return
  }
  wrote(state, link, hasRoom, before, done)
}

/** A write after the first `before` bytes is done; or will be, when all is with the system. */
function wrote(
  state: State,
  link: Link<unknown>,
  hasRoom: boolean,
  before: number,
  done: Done,
): void {
  if (hasRoom) done()
  else {
    state.writing = done
    state.writingLength = link.bytesWritten - before
  }
  if (!isReceiving(state)) holdWhileActive(state)
}

/** What the engine refuses, core writes: a stream that is thrown at would never write again. */
function give(link: Link<unknown>, data: Buffer | string, encoding: BufferEncoding): boolean {
  try {
    return link.write(data, encoding)
  } catch (error) {
    if (typeof data === 'string') throw error
    // Memory that is shared is copied first; memory that has gone since has no bytes, and not every
    // runtime makes a copy of it.
    return link.write(data.byteLength === 0 ? Buffer.alloc(0) : Buffer.from(data))
  }
}

/** Sends the FIN; done when everything before it is with the system. */
export function finish(state: State, link: Link<unknown>, done: Done): void {
  link.end()
  if (link.flushed()) done()
  else state.finishing = done
}

export function stopReading(state: State): void {
  if (!state.isReading) return
  state.isReading = false
  state.link?.pause()
  holdWhileActive(state)
}

export function startReading(socket: Socket): void {
  const state = stateOf(socket)
  const { link, onread } = state
  if (state.isReading) return
  // What waits here is told even if the connection is gone.
  if (link === undefined && onread?.isWaiting !== true) return
  state.isReading = true
  if (onread === undefined) link?.resume()
  else onread.resume(socket)
  holdWhileActive(state)
}

function onData(link: Link<Socket>, chunk: Buffer): void {
  const socket = link.data
  const state = stateOf(socket)
  if (guardIdle(socket)) return
  if (state.onread !== undefined) state.onread.take(socket, chunk)
  else if (!socket.push(chunk)) stopReading(state)
}

function onDrain(link: Link<Socket>): void {
  const state = stateOf(link.data)
  // It may be about the first of several writes.
  if (!link.flushed()) return
  const { writing, finishing } = state
  state.writing = undefined
  state.finishing = undefined
  if (!isReceiving(state)) holdWhileActive(state)
  writing?.()
  // The program may have destroyed it meanwhile.
  if (state.link === link) finishing?.()
}

function onEnd({ data: socket }: Link<Socket>): void {
  const state = stateOf(socket)
  const { onread } = state
  state.isPeerEnded = true
  holdWhileActive(state)
  if (onread === undefined) ended(socket)
  else onread.end(socket)
}

/** Tells the stream that the peer has ended. */
export function ended(socket: Socket): void {
  socket.push(null)
  socket.read(0)
}

function onTimeout({ data: socket }: Link<Socket>): void {
  socket._onTimeout()
}

function onClose(link: Link<Socket>, error: Error | undefined): void {
  const socket = link.data as Socket | Destroyed | undefined
  // It was turned away.
  if (socket === undefined) return
  if (socket instanceof Destroyed) {
    socket.tell()
    return
  }
  const state = stateOf(socket)
  const { writing, finishing } = state
  forget(state, link)
  let failure = error === undefined ? undefined : failureOf(error)
  if (failure !== undefined) socket.destroy(failure)
  else if (!isOver(link)) {
    socket.destroy()
    failure = socketIsClosed()
  }
  writing?.(failure)
  finishing?.(failure)
}

/** Whether both ends have ended. If not, and without an error, the engine was closed. */
function isOver(link: Link<unknown>): boolean {
  const { state } = connectionOf(link)
  const both = Ends.ENDED | Ends.PEER_ENDED
  return (state & (both | Ends.DROPPED)) === both
}

/** The engine's error in the words of `node:net`. */
export function failureOf(error: NodeJS.ErrnoException): Error {
  const { errno, syscall } = error
  return errno === undefined ? error : systemFailure(errno, syscall ?? 'read')
}
