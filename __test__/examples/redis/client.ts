import { once } from 'node:events'
import net from 'node:net'
import { deadline } from './deadline.ts'
import type { Running } from './processes.ts'

export async function connect(
  server: Running,
  options: net.SocketConstructorOpts = {},
): Promise<net.Socket> {
  const socket = net.connect({ port: server.port, host: '127.0.0.1', ...options })
  socket.setNoDelay(true)
  await deadline(once(socket, 'connect'), 'no connection')
  // Whoever waits for the end learns of it by `closed`.
  socket.on('error', () => {})
  return socket
}

export async function closed(socket: net.Socket): Promise<void> {
  if (socket.closed) return
  // Not `once` of node:events, which rejects at an error: a reset closes too.
  const close = new Promise((resolve) => socket.once('close', resolve))
  await deadline(close, 'the connection was not closed')
}

/** All that arrives from now until the connection is closed. */
export async function received(socket: net.Socket): Promise<string> {
  const replies: Buffer[] = []
  socket.on('data', (chunk: Buffer) => replies.push(chunk))
  socket.resume()
  await closed(socket)
  return Buffer.concat(replies).toString('latin1')
}

/**
 * All that is answered to these pieces, of one character per byte, by the time of our end. If they
 * make the server close, they must be one piece: what is written later is answered with a reset, at
 * which Node drops what it has not read.
 */
export async function transcript(server: Running, parts: Iterable<string>): Promise<string> {
  const socket = await connect(server)
  const replies = received(socket)
  for (const part of parts) {
    const isFull = !socket.write(part, 'latin1')
    // The next turn of the event loop: what is written together would be sent together.
    await new Promise(setImmediate)
    if (isFull && socket.writableNeedDrain) await deadline(once(socket, 'drain'), 'no drain')
  }
  socket.end()
  return replies
}

/** All that is answered to a PING and the request when it is the server that closes. */
export async function untilClosed(server: Running, request: string): Promise<string> {
  const socket = await connect(server)
  const replies = received(socket)
  socket.write(`PING\r\n${request}`, 'latin1')
  return replies
}

export function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

export function resp(...args: string[]): string {
  return `*${args.length}\r\n${args.map(bulk).join('')}`
}
