/** Accepts with room for two descriptors, and then with room for all. */
import { closeSync, openSync } from 'node:fs'
import { TcpListener, TcpStream } from 'mio-js'
import { backlogOf } from '../support/backlog.js'
import { until } from '../support/until.js'

const listener = TcpListener.bind('127.0.0.1:0')
const clients = Array.from({ length: 5 }, () => TcpStream.connect(listener.localAddr()))
// A client may be connected before the last step of it has reached the listener.
await until('all wait', () => backlogOf(listener.localAddr().port) === clients.length)
await until('all are connected', () => clients.every((client) => client.finishConnect()))

const filler: number[] = []
try {
  for (;;) filler.push(openSync('/dev/null', 'r'))
} catch {
  // EMFILE.
}
for (const fd of filler.splice(-2)) closeSync(fd)

const accepted: TcpStream[] = []
const take = (stream: TcpStream): void => {
  accepted.push(stream)
}
let code: string | undefined
try {
  listener.acceptAll(take)
} catch (error) {
  code = (error as NodeJS.ErrnoException).code
}
const before = accepted.length
for (const fd of filler) closeSync(fd)
const after = listener.acceptAll(take)
process.stdout.write(JSON.stringify({ before, code, after }))
for (const stream of [...accepted, ...clients, listener]) stream.close()
