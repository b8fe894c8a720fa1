/** A worker that greets so many connections of the listener that it gets, and gives that back. */
import { once } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { Events, Interest, Poll, type SharedSource, TcpListener, Token } from 'mio-js'

interface Order {
  readonly listener: SharedSource<'TcpListener'>
  readonly connections: number
}

const [order] = (await once(parentPort!, 'message')) as [Order]
const listener = TcpListener.from(order.listener)
const poll = new Poll()
const events = Events.withCapacity(4)
poll.registry.register(listener, Token(0), Interest.READABLE)
let served = 0
while (served < order.connections) {
  await poll.pollAsync(events)
  listener.acceptAll((stream) => {
    stream.write(Buffer.from('work'))
    stream.close()
    served += 1
    return served < order.connections
  })
}
poll.close()
parentPort?.postMessage(listener.share())
// A listener on its way is this thread's: wait until it was taken.
parentPort?.on('message', () => {})
