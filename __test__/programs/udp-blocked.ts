/**
 * Sends to an address, the argument, by way of a network that is slower, until there is no room,
 * each way of sending after the other, and waits for the event that tells that there is room again.
 * Prints for each whether that was so.
 */
import { Datagrams, Events, Interest, Poll, Token, UdpSocket } from 'mio-js'

const [to = ''] = process.argv.slice(2)
const poll = new Poll()
const events = Events.withCapacity(4)
const socket = UdpSocket.bind('0.0.0.0:0')
const bytes = Buffer.alloc(1000)
const datagrams = new Datagrams({ count: 64, size: 1000 })
for (let index = 0; index < 64; index += 1) datagrams.set(index, bytes, to)
socket.connect(to)
poll.registry.register(socket, Token(0), Interest.WRITABLE)
poll.poll(events)

/** Counts what a way of sending sends until it is blocked. */
function untilBlocked(send: () => number | null): number {
  for (let sent = 0; ;) {
    const count = send()
    if (count === null) return sent
    sent += count
  }
}

const ways = [
  () => (socket.send(bytes) === null ? null : 1),
  () => (socket.sendTo(bytes, to) === null ? null : 1),
  () => socket.sendMany(datagrams),
]
const outcomes = ways.map((way) => {
  const sent = untilBlocked(way)
  const ready = poll.poll(events, 10_000)
  return sent > 0 && ready === 1 && events.readinessAt(0) === 2
})
console.log(JSON.stringify(outcomes))
socket.close()
poll.close()
