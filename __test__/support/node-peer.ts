/** Peers of another make: Node's own sockets. */
import { once } from 'node:events'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { type SocketAddr, TcpListener, type TcpStream } from 'mio-js'
import { acceptOne, closing } from './sockets.js'

/** A socket of Node that is connected; its errors are nobody's business. */
export async function nodeClient(t: ExecutionContext, to: SocketAddr): Promise<net.Socket> {
  const socket = net.connect({ host: to.address, port: to.port })
  socket.on('error', () => {})
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

/** A stream, and Node's socket at the other end. */
export async function nodePair(
  t: ExecutionContext,
): Promise<[stream: TcpStream, peer: net.Socket]> {
  const server = TcpListener.bind('127.0.0.1:0')
  try {
    const peer = await nodeClient(t, server.localAddr())
    return [closing(t, await acceptOne(server)), peer]
  } finally {
    server.close()
  }
}

/** Sends RST, which Node's socket alone can do at will. */
export async function reset(socket: net.Socket): Promise<void> {
  const closed = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  socket.resetAndDestroy()
  await closed
}

/** How Node's own connect to this address ends: a code, or 'connected'. */
export async function nodeOutcome(host: string, port: number): Promise<string> {
  const socket = net.connect({ host, port })
  try {
    await once(socket, 'connect')
    return 'connected'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
  }
}
