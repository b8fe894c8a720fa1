import { own } from '../check.ts'
import { adopt } from '../engine/adopt.ts'
import { machineOf } from '../engine/engine.ts'
import { clientBag } from './client-profile.ts'
import { invalidFd } from './errors.ts'
import { attach, stopReading } from './link.ts'
import type { SocketInit } from './socket-init.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'
import { checkInt32 } from './validate.ts'

/** What the engine says of a descriptor that is none of a stream socket. */
const unfit = new Set(['EBADF', 'ENOTSOCK', 'EOPNOTSUPP', 'ERR_INVALID_FD_TYPE', 'ENOSYS'])

/** Makes a socket of a descriptor: connected, or to be connected. It owns the descriptor from here on. */
export function adoptInto(socket: Socket, fd: unknown, init: SocketInit): void {
  checkInt32('fd', fd, 0)
  const state = stateOf(socket)
  const waits = init.readable === false || Boolean(init.pauseOnCreate) || Boolean(init.manualStart)
  const bag = {
    ...clientBag(socket.writableHighWaterMark),
    leftover: own(init, 'leftover') as NodeJS.ArrayBufferView | undefined,
    paused: waits,
  }
  try {
    const connection = adopt(machineOf(socket._engine()), fd, bag)
    attach(socket, connection.socket)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTCONN') {
      state.bound = { fd, path: undefined }
      return
    }
    throw unfit.has(code ?? '') ? invalidFd() : error
  }
  const { link } = state
  if (link === undefined) return
  state.onread?.begin(socket)
  if (waits) {
    stopReading(state)
    if (init.pauseOnCreate === true) socket.pause()
  } else socket.read(0)
}
