/** A worker that takes every stream that it gets, and keeps it open. */
import { parentPort } from 'node:worker_threads'
import { Interest, Poll, type SharedTcpStream, TcpStream, Token } from 'mio-js'

const poll = new Poll()
const streams: TcpStream[] = []
parentPort?.on('message', (shared: SharedTcpStream) => {
  const stream = TcpStream.from(shared)
  poll.registry.register(stream, Token(streams.length), Interest.READABLE)
  streams.push(stream)
})
parentPort?.postMessage('ready')
