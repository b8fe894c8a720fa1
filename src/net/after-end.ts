/** Which `write` a socket has: the stream's own, or one that knows more. */
import { Duplex } from 'node:stream'
import { endedByPeer } from './errors.ts'
import { limitedWrite } from './max-pending.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

/** The stream's own `write`, or the one that knows a limit. */
export function resetWrite(socket: Socket): void {
  if (Object.hasOwn(socket, 'write')) delete (socket as Partial<Socket>).write
  if (stateOf(socket).maxPending !== Infinity) socket.write = limitedWrite
}

/** The peer has ended: a program that writes on learns why it cannot. */
export function onEnd(this: Socket): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd
}

function writeAfterEnd(this: Duplex, chunk: unknown, encoding?: unknown, done?: unknown): boolean {
  if (!this.writableEnded) {
    return Reflect.apply(Duplex.prototype.write, this, [chunk, encoding, done]) as boolean
  }
  const callback = typeof encoding === 'function' ? encoding : done
  const error = endedByPeer()
  if (typeof callback === 'function') process.nextTick(callback, error)
  this.destroy(error)
  return false
}
