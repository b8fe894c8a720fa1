/**
 * Sends every datagram back to where it came from. Many are received, and sent, by one call each, and
 * nothing is allocated for one. `PORT` and `HOST` say where it listens; SIGINT and SIGTERM stop it.
 */
import { setImmediate } from 'node:timers/promises'
import { Datagrams, Events, Interest, Poll, Token, UdpSocket } from 'mio-js'

/** After so many calls others have their turn, however many datagrams wait: a flood must not stop them. */
const TURN = 16

const { HOST = '127.0.0.1', PORT = '7000' } = process.env
const address = HOST.includes(':') ? `[${HOST}]:${PORT}` : `${HOST}:${PORT}`

const poll = new Poll()
const events = Events.withCapacity(16)
const socket = UdpSocket.bind(address)
const datagrams = new Datagrams({ count: 64, size: 2048 })
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

/** What was received and is not sent back yet: from the first index to the last. */
let [first, last] = [0, 0]

/** Whether everything was sent back. Not if the system has no room: then an event tells when. */
function sendBack(): boolean {
  while (first < last) {
    try {
      const sent = socket.sendMany(datagrams, last - first, first)
      if (sent === null) return false
      first += sent
    } catch (error) {
      // About the first one alone: it was cut, or its sender cannot be reached. UDP may lose it.
      console.error((error as Error).message)
      first += 1
    }
  }
  return true
}

/** Whether more may wait. */
function turn(): boolean {
  for (let calls = 0; calls < TURN; calls += 1) {
    if (!sendBack()) return false
    try {
      const received = socket.recvMany(datagrams)
      if (received === null) return false
      first = 0
      last = received
    } catch (error) {
      // What was sent before has reached nobody (Windows tells). The socket works on.
      console.error((error as Error).message)
    }
  }
  return true
}

poll.registry.register(socket, Token(0), Interest.READABLE.add(Interest.WRITABLE))
console.log(`listening on ${socket.localAddr()}`)
try {
  while (!stop.signal.aborted) {
    await poll.pollAsync(events, { signal: stop.signal })
    while (!stop.signal.aborted && turn()) await setImmediate()
  }
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ABORT_ERR') throw error
} finally {
  socket.close()
  poll.close()
}
