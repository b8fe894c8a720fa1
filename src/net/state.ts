import type { Socket as Link } from '../engine/socket.ts'
import type { Bound } from './bound-socket.ts'
import type { Opening } from './opening.ts'
import type { OnRead } from './onread.ts'
import type { Socket } from './socket.ts'
import { WantedOptions } from './wanted-options.ts'

/** Tells a stream that it may go on, or why not. */
export type Done = (error?: Error | null) => void

/** What a stream gives to be written at once. */
export type Chunks = readonly { chunk: Buffer | string; encoding: BufferEncoding }[]

/** A write that waits for the connection. */
export interface Parked {
  readonly data: Buffer | string | Chunks
  readonly encoding: BufferEncoding
  readonly done: Done
}

/** A time after which a socket without a connection tells `timeout`. */
export interface Silence {
  readonly timer: NodeJS.Timeout
  /** Milliseconds. */
  readonly duration: number
}

/** What is inside of a socket. */
export class State {
  /** The engine's socket, while there is a connection. */
  link: Link<unknown> | undefined = undefined
  /** The same, and still known when that is closed. */
  last: Link<unknown> | undefined = undefined
  /** A connect in progress. */
  opening: Opening | undefined = undefined
  /** What it connects with, if that was bound before. */
  bound: Bound | undefined = undefined
  /** Where that was bound, if to a path. */
  boundPath: string | undefined = undefined
  /** The same, as long as it is there. */
  pathToRemove: string | undefined = undefined
  /** Whether the engine is to deliver. */
  isReading = false
  /** Whether nothing more can come. */
  isPeerEnded = false
  /** Whether the stream has ever asked for data. */
  isAsked = false
  /** Whether its closing resets the connection. */
  isReset = false
  /** Whether it is to be reset as soon as there is a connection. */
  isToReset = false
  isUnref = false
  maxPending = Infinity
  bytesRead = 0
  bytesWritten = 0
  parked: Parked | undefined = undefined
  /** The end of a write that the engine has not room for yet. */
  writing: Done | undefined = undefined
  /** Its bytes. */
  writingLength = 0
  /** The end of all writing. */
  finishing: Done | undefined = undefined
  /** Waits for the connection, to finish it. */
  ending: Done | undefined = undefined
  onread: OnRead | undefined = undefined
  /** As long as there is no connection, whose own is native. */
  silence: Silence | undefined = undefined
  readonly options = new WantedOptions()

  /** A socket that was closed connects again. */
  renew(): void {
    this.last = undefined
    this.isAsked = false
    this.isReset = false
    this.isToReset = false
    this.bytesRead = 0
    this.bytesWritten = 0
  }
}

/** Where a socket has its state. */
export const inside = Symbol('state')

/** What is inside of a socket. */
export function stateOf(socket: Socket): State {
  return socket[inside]
}
