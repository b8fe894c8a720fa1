/** A thread that sends datagrams as fast as it can. `flood` is its side of the main thread. */
import { once } from 'node:events'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import { Datagrams, type SocketAddr, UdpSocket } from 'mio-js'

/** Floods an address until the test ends. */
export async function flood(t: ExecutionContext, to: SocketAddr): Promise<void> {
  const isOver = new Int32Array(new SharedArrayBuffer(4))
  const data: Data = { flooded: to.toString(), isOver }
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  const ended = once(worker, 'exit')
  // In Deno, `terminate()` does not end what never lets the event loop run.
  t.teardown(async () => {
    Atomics.store(isOver, 0, 1)
    await ended
  })
  await once(worker, 'message')
}

interface Data {
  flooded: string
  isOver: Int32Array
}

if (!isMainThread) {
  const { flooded, isOver } = workerData as Data
  const socket = UdpSocket.bind('127.0.0.1:0')
  const datagrams = new Datagrams({ count: 64, size: 64 })
  for (let index = 0; index < 64; index += 1) datagrams.set(index, Buffer.alloc(64), flooded)
  parentPort?.postMessage('ready')
  while (Atomics.load(isOver, 0) === 0) {
    try {
      socket.sendMany(datagrams)
    } catch {
      // Whoever is flooded may have gone already.
    }
  }
  socket.close()
}
