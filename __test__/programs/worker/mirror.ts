/** A worker that waits for ever, in the way that its data names, and says so before. */
import { parentPort, workerData } from 'node:worker_threads'
import { Events, Interest, Poll, TcpListener, Token } from 'mio-js'

const poll = new Poll()
const events = Events.withCapacity(16)
const listener = TcpListener.bind('127.0.0.1:0')
poll.registry.register(listener, Token(0), Interest.READABLE)

parentPort?.postMessage(listener.localAddr().port)
if (workerData === 'poll') {
  poll.poll(events)
} else {
  process.env['MIO_JS_WAKE'] = String(workerData)
  await poll.pollAsync(events)
}
