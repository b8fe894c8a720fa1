/** UDP sockets, and what they have received. */
import type { ExecutionContext } from 'ava'
import { type Datagrams, type SocketAddr, UdpSocket } from 'mio-js'
import { closing } from './sockets.js'
import { until } from './until.js'

export function udp(t: ExecutionContext, address = '127.0.0.1:0'): UdpSocket {
  return closing(t, UdpSocket.bind(address))
}

/** Two sockets that are connected to each other. */
export function udpPair(t: ExecutionContext, address?: string): [UdpSocket, UdpSocket] {
  const [first, second] = [udp(t, address), udp(t, address)]
  first.connect(second.localAddr())
  second.connect(first.localAddr())
  return [first, second]
}

/** Waits for what returns `null` while nothing is there. */
export async function soon<T>(operation: () => T | null): Promise<T> {
  let result: T | null = null
  await until('something is there', () => (result = operation()) !== null)
  return result as T
}

/** Waits for one datagram: its text, and the sender. */
export async function received(socket: UdpSocket): Promise<[text: string, from: SocketAddr]> {
  const buffer = Buffer.alloc(65_536)
  const [count, from] = await soon(() => socket.recvFrom(buffer))
  return [buffer.toString('latin1', 0, count), from]
}

/** The texts of the first datagrams. */
export function texts(datagrams: Datagrams, count: number): string[] {
  return Array.from({ length: count }, (_, index) => datagrams.bytesAt(index).toString('latin1'))
}

/** Lets datagrams wait at a socket, each sent by the same other one, whose address is returned. */
export async function waiting(
  t: ExecutionContext,
  at: UdpSocket,
  bodies: readonly string[],
): Promise<SocketAddr> {
  const [sender, last] = [udp(t), udp(t)]
  for (const body of bodies) sender.sendTo(Buffer.from(body), at.localAddr())
  // Loopback delivers in order: when this has come, the others have.
  sender.sendTo(Buffer.from('x'), last.localAddr())
  await received(last)
  return sender.localAddr()
}
