import { BlockList } from 'node:net'
import { type DuplexOptions, addAbortSignal } from 'node:stream'
import { own } from '../check.ts'
import type { Engine } from '../engine/engine.ts'
import { checkSignal } from './abort.ts'
import { adoptInto } from './adopting.ts'
import { onEnd, resetWrite } from './after-end.ts'
import { BoundSocket, bind } from './bound-socket.ts'
import { wrongType, wrongValue } from './errors.ts'
import { maxPendingOf } from './max-pending.ts'
import { OnRead, type OnReadOptions, isOnRead } from './onread.ts'
import type { Socket } from './socket.ts'
import { State, inside } from './state.ts'
import { checkInt32, checkNumber, wholeSeconds } from './validate.ts'

/** Options of a socket: those of `node:net`, and `engine`, `leftover`, `maxPending`. */
export interface SocketInit extends DuplexOptions {
  readonly fd?: number
  readonly readable?: boolean
  readonly writable?: boolean
  readonly handle?: BoundSocket
  readonly onread?: OnReadOptions | null
  readonly noDelay?: boolean
  readonly keepAlive?: boolean
  readonly keepAliveInitialDelay?: number
  readonly typeOfService?: number
  readonly blockList?: BlockList
  readonly pauseOnCreate?: boolean
  readonly manualStart?: boolean
  readonly signal?: AbortSignal
  /** The engine that it runs on. Default: one that all sockets of the thread share. */
  readonly engine?: Engine
  /** What was received before on the descriptor `fd`. */
  readonly leftover?: NodeJS.ArrayBufferView
  /** Bytes that may wait to be written: with more the socket is destroyed. Default: no limit. */
  readonly maxPending?: number
}

const modes = ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const

/** Checks options in the order of `node:net`; a number is a descriptor. */
export function checkInit(options: unknown): SocketInit {
  const init = (typeof options === 'number' ? { fd: options } : { ...(options as object) }) as {
    -readonly [K in keyof SocketInit]: SocketInit[K]
  }
  for (const mode of modes) {
    if (init[mode]) throw wrongValue(`options.${mode}`, init[mode], 'is not supported')
  }
  if (init.keepAliveInitialDelay !== undefined) {
    checkNumber('options.keepAliveInitialDelay', init.keepAliveInitialDelay)
  }
  if (init.typeOfService !== undefined) {
    checkInt32('options.typeOfService', init.typeOfService, 0, 255)
  }
  if (init.blockList && !isBlockList(init.blockList)) {
    throw wrongType('options.blockList', 'an net.BlockList', init.blockList)
  }
  if (init.signal) checkSignal(init.signal, 'signal')
  return init
}

export function isBlockList(value: unknown): value is BlockList {
  const { isBlockList: ask } = BlockList as unknown as { isBlockList?: (value: unknown) => boolean }
  return ask === undefined ? value instanceof BlockList : ask(value)
}

/** What a socket's stream is made with. */
export function streamOptions({ signal: _signal, ...init }: SocketInit): DuplexOptions {
  return {
    ...init,
    // Attached when the socket can be destroyed.
    signal: undefined,
    allowHalfOpen: Boolean(init.allowHalfOpen),
    // The descriptor is closed first.
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  }
}

interface ReadingAhead {
  readonly _readableState: { readingMore: boolean }
}

/** What a constructor does, for one that is called on an object, too. */
export function initialise(socket: Socket, init: SocketInit): void {
  const state = new State()
  socket[inside] = state
  socket.connecting = false
  socket.server = null
  socket._server = null
  const engine = own(init, 'engine') as Engine | undefined
  if (engine !== undefined) socket.engine = engine
  if (init.blockList !== undefined) socket.blockList = init.blockList
  const { options } = state
  options.noDelay = Boolean(init.noDelay)
  options.keepAlive = Boolean(init.keepAlive)
  options.delay = Math.max(wholeSeconds(init.keepAliveInitialDelay), 0)
  options.typeOfService = init.typeOfService
  if (isOnRead(init.onread)) state.onread = new OnRead(init.onread)
  state.maxPending = maxPendingOf(own(init, 'maxPending'))
  resetWrite(socket)
  // The engine reads on by itself, so the stream need not ask for more in a tick after each chunk.
  ;(socket as unknown as ReadingAhead)._readableState.readingMore = true
  socket.on('end', onEnd)
  if (init.handle instanceof BoundSocket) bind(state, init.handle.release())
  else if (init.fd !== undefined) adoptInto(socket, init.fd, init)
  if (init.signal) listenTo(init.signal, socket)
}

/** What was taken over is closed if the signal is of no use: nobody else has it any more. */
function listenTo(signal: AbortSignal, socket: Socket): void {
  try {
    addAbortSignal(signal, socket)
  } catch (error) {
    socket.destroy()
    throw error
  }
}
