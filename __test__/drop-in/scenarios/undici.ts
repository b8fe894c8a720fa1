import { connect as connectTls } from 'node:tls'
import { connect as connectSocket } from 'mio-js/net'
import { Agent, fetch, type buildConnector } from 'undici'
import type { Address, Context } from './client.ts'

export { close, steps } from './client.ts'

/** What opens connections for a client that trusts `ca`. */
function connectorOf(ca: string): buildConnector.connector {
  return ({ hostname, port, protocol, servername }, callback) => {
    const isSecure = protocol === 'https:'
    const host = hostname.replace(/^\[|\]$/g, '')
    const plain = connectSocket({
      host,
      port: Number(port || (isSecure ? 443 : 80)),
      noDelay: true,
    })
    const socket = isSecure
      ? connectTls({ socket: plain, host, ca, ...(servername ? { servername } : {}) })
      : plain
    const failed = (error: Error): void => callback(error, null)
    socket.once('error', failed)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', failed)
      callback(null, socket as never)
    })
  }
}

export async function open(
  door: string,
  { port, nobody, securePort, ca }: Address,
): Promise<Context> {
  const dispatcher = new Agent({ connect: door === 'connect' ? connectorOf(ca) : { ca } })
  return {
    fetch: async (url, options) => fetch(url, { ...options, dispatcher }),
    base: `http://127.0.0.1:${port}`,
    nobody,
    secure: `https://localhost:${securePort}`,
    close: async () => dispatcher.close(),
  }
}
