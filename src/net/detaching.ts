import type { Detached } from '../engine/departure.ts'
import { invalidState } from '../errors.ts'
import { bufferedOf } from './buffered.ts'
import { socketIsClosed } from './errors.ts'
import { startReading, stopReading } from './link.ts'
import { type Socket, stateOf } from './socket.ts'

/** Everything that was written, first of all. */
function written(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.writableLength === 0) resolve()
    else
      socket.write(Buffer.alloc(0), (error) => {
        if (error) reject(error)
        else resolve()
      })
  })
}

/** Gives the descriptor away, with all that was received and not read. */
export async function detach(socket: Socket): Promise<Detached> {
  const state = stateOf(socket)
  if (state.link === undefined || socket.destroyed || socket.writableEnded) throw socketIsClosed()
  if (socket.readableEncoding !== null) {
    throw invalidState('A socket with an encoding cannot be detached')
  }
  stopReading(state)
  try {
    await written(socket)
    const { link } = state
    if (link === undefined) throw socketIsClosed()
    const { fd, leftover } = await link.detach()
    state.bytesRead = link.bytesRead
    state.bytesWritten = link.bytesWritten
    state.link = undefined
    const bytes = Buffer.concat([...bufferedOf(socket), leftover])
    socket.destroy()
    return { fd, leftover: bytes }
  } catch (error) {
    startReading(socket)
    throw error
  }
}
