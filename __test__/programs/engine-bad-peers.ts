/**
 * Peers that behave badly, in a thread of their own: one that never reads what it gets back, one
 * that writes a byte now and then, one that sends as fast as it can and reads nothing, one that
 * ended and stays.
 */
import net from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const { port } = workerData as { port: number }

async function connect(): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  return new Promise((resolve) => {
    socket.once('connect', () => {
      resolve(socket)
    })
  })
}

const deaf = await connect()
deaf.pause()
deaf.write(Buffer.alloc(256 * 1024))

const slow = await connect()
slow.resume()
setInterval(() => slow.write('x'), 5)

const halfOpen = await connect()
halfOpen.resume().end('ended')

const flooding = await connect()
const bytes = Buffer.alloc(64 * 1024, 'f')
flooding.resume()
const flood = (): void => {
  while (flooding.write(bytes));
}
flooding.on('drain', flood)
flood()
parentPort?.postMessage('ready')
