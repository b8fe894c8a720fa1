import type { Socket } from './socket.ts'

interface HttpClientSocket {
  /** Set by core's http: the message of the moment, null when there is none. */
  readonly _httpMessage?: object | null
}

/**
 * Destroys a socket that gets bytes while it idles in an http agent's pool, and says whether it did:
 * the next request would take them for its response. Core has a guard of its own for its sockets
 * (Node 26), on a handle that ours do not have.
 *
 * Such a socket was connected and not accepted, has no message, still flows, and nobody listens: one
 * that was upgraded is stopped, or has a listener.
 */
export function guardIdle(socket: Socket): boolean {
  if ((socket as HttpClientSocket)._httpMessage !== null || socket.server !== null) return false
  if (socket.readableFlowing !== true || socket.listenerCount('data') > 0) return false
  socket.destroy()
  return true
}
