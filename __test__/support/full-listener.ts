import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { TcpListener } from 'mio-js'
import { closing } from './sockets.js'
import { until } from './until.js'

/**
 * A listener that accepts nobody and whose queue is full: on Linux it answers no further client, so
 * that a connect to it waits for ever.
 */
export async function fullListener(
  t: ExecutionContext,
): Promise<{ hostname: string; port: number }> {
  const listener = closing(t, TcpListener.bind('127.0.0.1:0', { backlog: 1 }))
  const { port } = listener.localAddr()
  const clients = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1'))
  for (const client of clients) {
    client.on('error', () => {})
    t.teardown(() => {
      client.destroy()
    })
  }
  // Two find room.
  await until('the queue is full', () => clients.filter((client) => !client.pending).length >= 2)
  return { hostname: '127.0.0.1', port }
}
