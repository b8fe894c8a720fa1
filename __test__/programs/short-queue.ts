/**
 * Clients of a listener whose queue the system keeps short, whatever backlog was asked for. Prints
 * how many were connected before anybody accepted, and how many were served in the end.
 *
 * A client may believe that it is connected while the system has dropped the last step of it (Linux
 * with SYN cookies): it is heard when it sends, so each sends.
 */
import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
import { until } from '../support/until.js'
import { long } from '../support/patience.js'

const count = Number(process.argv[2])
const listener = TcpListener.bind('127.0.0.1:0', { backlog: 1024 })
const clients = Array.from({ length: count }, () => TcpStream.connect(listener.localAddr()))
let early = 0
await until('some are connected', () => {
  early = clients.filter((client) => client.finishConnect()).length
  return early >= 2
})

const poll = new Poll()
const events = Events.withCapacity(64)
const interest = Interest.READABLE.add(Interest.WRITABLE)
poll.registry.register(listener, Token(count), Interest.READABLE)
for (const [n, client] of clients.entries()) poll.registry.register(client, Token(n), interest)
const accepted: TcpStream[] = []
const served = new Set<number>()
const greeted = new Set<number>()
const buffer = Buffer.alloc(8)
// Those that found no room knock again after one second, and after three.
const deadline = performance.now() + long(20_000)
while (served.size < count && performance.now() < deadline) {
  await poll.pollAsync(events, { timeout: 100 })
  listener.acceptAll((stream) => {
    accepted.push(stream)
    stream.write(Buffer.from('welcome'))
  })
  for (const { token } of events) {
    if (token === Token(count)) continue
    const client = clients[token]!
    if (!client.finishConnect()) continue
    if (!greeted.has(token) && client.write(Buffer.from('hello')) === 5) greeted.add(token)
    const length = client.read(buffer)
    if (length !== null && buffer.toString('latin1', 0, length) === 'welcome') served.add(token)
  }
}
process.stdout.write(JSON.stringify({ early, accepted: accepted.length, served: served.size }))
for (const source of [...clients, ...accepted, listener, poll]) source.close()
