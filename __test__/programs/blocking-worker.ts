/** A worker that takes ten streams, registers them, and then waits for ever in a blocking `poll`. */
import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { Events, Interest, Poll, type SharedTcpStream, TcpStream, Token } from 'mio-js'

const poll = new Poll()
const [values] = (await once(parentPort!, 'message')) as [SharedTcpStream[]]
for (const [n, shared] of values.entries()) {
  poll.registry.register(TcpStream.from(shared), Token(n), Interest.READABLE)
}
parentPort?.postMessage('taken')
for (;;) poll.poll(Events.withCapacity(16))
