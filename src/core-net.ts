/**
 * Core's own classes and functions of `node:net`. `mio-js/register` replaces them for programs, after
 * this module is loaded.
 */
import net from 'node:net'

export const { Server: CoreServer, Socket: CoreSocket, connect: coreConnect } = net
export const { listen: coreListen } = net.Server.prototype as {
  // Its own type takes handles of whatever kind.
  listen: (this: net.Server, ...args: unknown[]) => net.Server
}
