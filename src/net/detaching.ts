import { State as Ends } from '../engine/connection.ts'
import type { Detached } from '../engine/departure.ts'
import { type Socket as Link, connectionOf } from '../engine/socket.ts'
import { invalidState } from '../errors.ts'
import { bufferedOf } from './buffered.ts'
import { socketIsClosed } from './errors.ts'
import { Destroyed, failureOf, forget, startReading, stopReading } from './link.ts'
import type { Socket } from './socket.ts'
import { type State, stateOf } from './state.ts'

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
    // Until it is given away.
    link.ref()
    return await leave(socket, state, link)
  } catch (error) {
    startReading(socket)
    throw error
  }
}

/** From here on the engine tells nothing more of the connection, so its end is told here. */
async function leave(socket: Socket, state: State, link: Link<unknown>): Promise<Detached> {
  const departure = link.detach()
  // It is closed already, which waits behind what was received.
  if ((connectionOf(link).state & Ends.DEPARTING) === 0) return departure
  try {
    const { fd, leftover } = await departure
    const rest = state.onread?.release() ?? Buffer.alloc(0)
    const detached = { fd, leftover: Buffer.concat([...bufferedOf(socket), rest, leftover]) }
    end(socket, state, link)
    return detached
  } catch (error) {
    end(socket, state, link, failureOf(error as Error))
    throw error
  }
}

function end(socket: Socket, state: State, link: Link<unknown>, error?: Error): void {
  const { data } = link
  if (data instanceof Destroyed) {
    // By the program, meanwhile.
    process.nextTick(() => data.tell())
  } else {
    forget(state, link)
    socket.destroy(error)
  }
}
