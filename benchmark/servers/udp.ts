/**
 * The server of `dgram.ts` on `Poll`: by `recvMany` and `sendMany`, or datagram by datagram.
 *
 * usage: udp.js echo|receive many|single async|blocking
 */
import { Datagrams, Events, Interest, Poll, type SocketAddr, Token, UdpSocket } from 'mio-js'

const [task, way, mode] = process.argv.slice(2)

const poll = new Poll()
const events = Events.withCapacity(16)
const socket = UdpSocket.bind('127.0.0.1:0')
const datagrams = new Datagrams({ count: 64, size: 2048 })
const single = Buffer.alloc(2048)
const answer = Buffer.alloc(4)
let count = 0
/** What was received and not sent yet: from the first index to the last. */
let [first, last] = [0, 0]
let unsent: [length: number, to: SocketAddr] | null = null

/** Whether the system has taken all that waits. */
function sendBack(): boolean {
  while (first < last) {
    const sent = socket.sendMany(datagrams, last - first, first)
    if (sent === null) return false
    first += sent
  }
  return true
}

function echoMany(): void {
  while (sendBack()) {
    const received = socket.recvMany(datagrams)
    if (received === null) return
    first = 0
    last = received
  }
}

function echoSingle(): void {
  for (;;) {
    if (unsent !== null && socket.sendTo(single, unsent[1], 0, unsent[0]) === null) return
    unsent = socket.recvFrom(single)
    if (unsent === null) return
  }
}

function receiveMany(): void {
  const { buffer, lengths, size } = datagrams
  let received
  while ((received = socket.recvMany(datagrams)) !== null) {
    for (let index = 0; index < received; index += 1) {
      count += 1
      if (buffer[index * size] !== 1) continue
      // Back to where it came from, without making an object of that.
      lengths[index] = buffer.writeUInt32LE(count, index * size) - index * size
      socket.sendMany(datagrams, 1, index)
    }
  }
}

function receiveSingle(): void {
  socket.recvAll(single, (_, from) => {
    count += 1
    if (single[0] !== 1) return
    answer.writeUInt32LE(count)
    socket.sendTo(answer, from)
  })
}

const turns = {
  echo: { many: echoMany, single: echoSingle },
  receive: { many: receiveMany, single: receiveSingle },
}
const turn = turns[task as keyof typeof turns][way as 'many' | 'single']

const interest = task === 'echo' ? Interest.READABLE.add(Interest.WRITABLE) : Interest.READABLE
poll.registry.register(socket, Token(0), interest)
console.log(`listening ${socket.localAddr()}`)
if (mode === 'blocking') {
  for (;;) {
    poll.poll(events)
    turn()
  }
}
for (;;) {
  await poll.pollAsync(events)
  turn()
}
