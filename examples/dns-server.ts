/**
 * A name server for the few names of a table. `PORT` and `HOST` say where it listens; SIGINT and
 * SIGTERM stop it. The protocol is in `dns/message.ts`.
 */
import { setImmediate } from 'node:timers/promises'
import { Events, Interest, Poll, type SocketAddr, Token, UdpSocket } from 'mio-js'
import { answer } from './dns/message.ts'
import type { Table } from './dns/record.ts'

const table: Table = new Map([
  [
    'example.test',
    { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'], TXT: ['hello', 'world'] },
  ],
  ['four.example.test', { A: ['192.0.2.4'] }],
  ['six.example.test', { AAAA: ['2001:db8::6'] }],
])

/** After so many requests others have their turn, however many wait. */
const TURN = 64

const { HOST = '127.0.0.1', PORT = '5300' } = process.env
const address = HOST.includes(':') ? `[${HOST}]:${PORT}` : `${HOST}:${PORT}`

const poll = new Poll()
const events = Events.withCapacity(16)
const socket = UdpSocket.bind(address)
const request = Buffer.alloc(512)
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

function serve(count: number, from: SocketAddr): void {
  // A longer request was cut, but what it asks for stands at its beginning.
  const reply = answer(request.subarray(0, Math.min(count, request.length)), table)
  if (reply === null) return
  try {
    // No room, or nobody to reach: who has asked will ask again.
    socket.sendTo(reply, from)
  } catch (error) {
    console.error((error as Error).message)
  }
}

/** Whether more requests may wait. */
function turn(): boolean {
  let left = TURN
  try {
    socket.recvAll(request, (count, from) => {
      serve(count, from)
      left -= 1
      return left > 0
    })
  } catch (error) {
    // What was sent before has reached nobody (Windows tells). The socket works on.
    console.error((error as Error).message)
    return true
  }
  return left === 0
}

poll.registry.register(socket, Token(0), Interest.READABLE)
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
