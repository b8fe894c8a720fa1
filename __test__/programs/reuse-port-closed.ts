/**
 * Four listeners on one port, of which one is closed while clients wait in all queues. Prints what
 * became of the clients.
 */
import { setImmediate } from 'node:timers/promises'
import { TcpListener, TcpStream } from 'mio-js'
import { until } from '../support/until.js'
import { long } from '../support/patience.js'

const count = Number(process.argv[2])
const first = TcpListener.bind('127.0.0.1:0', { reusePort: true })
const at = first.localAddr()
const listeners = [first]
while (listeners.length < 4) listeners.push(TcpListener.bind(at, { reusePort: true }))

const clients = Array.from({ length: count }, () => TcpStream.connect(at))
await until('all are connected', () => clients.every((client) => client.finishConnect()))
for (const client of clients) client.write(Buffer.from('hello'))

first.close()
const accepted: TcpStream[] = []
/** Clients whose end is known. */
const done = new Set<TcpStream>()
let [answered, reset] = [0, 0]
const buffer = Buffer.alloc(8)
const deadline = performance.now() + long(10_000)
while (done.size < count && performance.now() < deadline) {
  for (const listener of listeners.slice(1)) {
    listener.acceptAll((stream) => {
      accepted.push(stream)
      stream.write(Buffer.from('welcome'))
    })
  }
  for (const client of clients) {
    if (done.has(client)) continue
    try {
      if (client.read(buffer) === null) continue
      answered += 1
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
      reset += 1
    }
    done.add(client)
  }
  await setImmediate()
}
process.stdout.write(JSON.stringify({ accepted: accepted.length, answered, reset }))
for (const source of [...clients, ...accepted, ...listeners.slice(1)]) source.close()
