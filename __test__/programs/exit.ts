/**
 * The end of a process while a worker does something: `exit.js DOOR IO WHAT`. The main thread, which
 * does not load the package, exits with 7 as soon as the worker is there, and prints the time.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { start } from '../support/workers.js'

const [door = '', io = '', what = ''] = process.argv.slice(2)
const sink = createServer((socket) => socket.on('error', () => {}).resume())
sink.listen(0, '127.0.0.1')
await once(sink, 'listening')
const { port } = sink.address() as { port: number }
await start(door, { what, io: io as 'inline', port }).ready
// A worker that blocks is inside, or enters now; both must end.
setTimeout(() => {
  writeSync(1, String(Date.now()))
  process.exit(7)
}, 50)
