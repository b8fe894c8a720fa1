import { Worker } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'

const program = `
  const net = require('node:net')
  const { workerData } = require('node:worker_threads')
  for (let n = 0; n < workerData.connections; n += 1) {
    const socket = net.connect(workerData.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('data', (chunk) => socket.write(chunk))
    socket.write(Buffer.alloc(workerData.bytes))
  }
`

/** Keeps an echo server busy from another thread: each connection sends as many bytes around. */
export function load(
  t: ExecutionContext,
  port: number,
  connections: number,
  bytes: number,
): { stop: () => Promise<number> } {
  const worker = new Worker(program, { eval: true, workerData: { port, connections, bytes } })
  t.teardown(() => worker.terminate())
  return { stop: async () => worker.terminate() }
}
