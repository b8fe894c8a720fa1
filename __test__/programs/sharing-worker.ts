/** A worker that shares ten connections to a port of the main thread, and ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads'
import { TcpStream } from 'mio-js'

const streams = Array.from({ length: 10 }, () =>
  TcpStream.connect({ address: '127.0.0.1', port: Number(workerData) }),
)
while (!streams.every((stream) => stream.finishConnect())) await new Promise(setImmediate)
parentPort?.postMessage(streams.map((stream) => stream.share()))
parentPort?.once('message', () => {
  parentPort?.close()
})
