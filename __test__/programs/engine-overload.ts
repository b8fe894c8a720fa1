/**
 * Well-behaved connections in a process of their own: each sends 64 bytes, waits until they are back,
 * and does it again. Arguments: the port, how many, and for how many milliseconds. Prints the 50th
 * and the 99th percentile of the round trips in milliseconds, each time that it is told to begin.
 */
import net from 'node:net'

const [port = 0, connections = 0, duration = 0] = process.argv.slice(2).map(Number)
const message = Buffer.alloc(64, 'w')
const times: number[] = []
let isOn = false

function connect(): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => {})
  let begun = 0
  let missing = 0
  const send = (): void => {
    missing = message.length
    begun = performance.now()
    socket.write(message)
  }
  socket.on('data', (chunk) => {
    missing -= chunk.length
    if (missing > 0) return
    times.push(performance.now() - begun)
    if (isOn) send()
  })
  socket.on('begin', send)
  return socket
}

const sockets = Array.from({ length: connections }, connect)
await Promise.all(
  sockets.map(
    async (socket) =>
      new Promise((resolve) => {
        socket.once('connect', resolve)
      }),
  ),
)
process.send?.('ready')
process.on('message', () => {
  times.length = 0
  isOn = true
  for (const socket of sockets) socket.emit('begin')
  setTimeout(() => {
    isOn = false
    const sorted = times.toSorted((a, b) => a - b)
    const at = (part: number): number | undefined => sorted[Math.floor(sorted.length * part)]
    process.send?.({ p50: at(0.5), p99: at(0.99), count: sorted.length })
  }, duration)
})
