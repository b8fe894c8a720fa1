/** Drops every reference to sockets and a Poll, and reports the warnings of the collector. */
import { readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'
import { native } from '#src/binding.js'
import { long } from '../support/patience.js'

const warnings: string[] = []
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push(`${warning.code}: ${warning.message}`)
})

function openAndForget(): void {
  const poll = new Poll()
  const listener = TcpListener.bind('127.0.0.1:0')
  const stream = TcpStream.connect(listener.localAddr())
  poll.registry.register(listener, Token(0), Interest.READABLE)
  poll.registry.register(stream, Token(1), Interest.READABLE)
}

function openAndClose(): void {
  using poll = new Poll()
  using listener = TcpListener.bind('127.0.0.1:0')
  poll.registry.register(listener, Token(0), Interest.READABLE)
}

// These must survive: a wait holds its Poll, and a registry holds the Poll that it belongs to.
const events = Events.withCapacity(4)
const wait = new Poll().pollAsync(events, { timeout: 500 })
const { registry } = new Poll()
const kept = TcpListener.bind('127.0.0.1:0')

const before = readdirSync('/proc/self/fd').length
openAndForget()
openAndClose()
const end = performance.now() + long(10_000)
while (warnings.length < 3 && performance.now() < end) {
  globalThis.gc?.()
  await setImmediate()
}
registry.register(kept, Token(3), Interest.READABLE)
const after = readdirSync('/proc/self/fd').length
const waited = await wait
const sources = native.census() % 2 ** 32
console.log(
  JSON.stringify({ warnings: warnings.toSorted(), descriptors: after - before, waited, sources }),
)
kept.close()
