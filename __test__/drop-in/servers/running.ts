import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that listens, in the words that all frameworks can be put in. */
export interface Running {
  readonly port: number
  /** Resolves when all that was begun is answered, and the connections are closed. */
  close(): Promise<void>
}

/** Waits for a server that was told to listen. */
export async function running(server: Server): Promise<Running> {
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: async () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
      }),
  }
}
