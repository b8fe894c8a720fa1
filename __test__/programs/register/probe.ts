/** Counts whose sockets a process has, and says so at its end. */
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import tty from 'node:tty'

// What terminals are made of, wherever `net.Socket` is from.
const prototype = Object.getPrototypeOf(tty.ReadStream.prototype) as object
const counts = { client: { core: 0, mio: 0 }, server: { core: 0, mio: 0 } }

for (const side of ['client', 'server'] as const) {
  subscribe(`net.${side}.socket`, (message) => {
    const { socket } = message as { socket: object }
    counts[side][prototype.isPrototypeOf(socket) ? 'core' : 'mio'] += 1
  })
}

process.on('exit', () => {
  writeSync(2, `probe ${JSON.stringify(counts)}\n`)
})
