import { BlockList } from 'node:net'
import type { DuplexOptions } from 'node:stream'
import type { Engine } from '../engine/engine.ts'
import type { BoundSocket } from './bound-socket.ts'
import { checkSignal } from './abort.ts'
import { wrongType, wrongValue } from './errors.ts'
import type { OnReadOptions } from './onread.ts'
import { checkInt32, checkNumber } from './validate.ts'

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
