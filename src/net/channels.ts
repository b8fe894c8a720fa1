/** What `node:net` publishes, under the same names. */
import { type Channel, channel } from 'node:diagnostics_channel'
import type { ListeningServer } from './listening.ts'

const clientSocket = channel('net.client.socket')
const serverSocket = channel('net.server.socket')
const listenStart = channel('tracing:net.server.listen:asyncStart')
const listenEnd = channel('tracing:net.server.listen:asyncEnd')
const listenError = channel('tracing:net.server.listen:error')

function publish(to: Channel, message: object): void {
  if (to.hasSubscribers) to.publish(message)
}

export function tellClientSocket(socket: object): void {
  if (clientSocket.hasSubscribers) clientSocket.publish({ socket })
}

export function tellServerSocket(socket: object): void {
  if (serverSocket.hasSubscribers) serverSocket.publish({ socket })
}

export function tellListenStart(server: ListeningServer, options: object): void {
  publish(listenStart, { server, options })
}

export function tellListenEnd(server: ListeningServer): void {
  publish(listenEnd, { server })
}

export function tellListenError(server: ListeningServer, error: Error): void {
  publish(listenError, { server, error })
}
