/**
 * Deadlines of a process that is stopped for longer than they are: `stopped.js IO`. Says as JSON where
 * its servers listen, and when it is told to end how its connections and waits have fared.
 */
import { once } from 'node:events'
import { Events, Poll } from 'mio-js'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { createServer } from 'mio-js/net'

/** Milliseconds of every deadline. */
const time = 1500
const host = '127.0.0.1'
const engine = new Engine({ io: process.argv[2] as EngineOptions['io'] })

/** By the first word of a connection, which is its name: what was told of it. */
const told: Record<string, string[]> = {}

const server = engine.listen<{ name: string }>({
  hostname: host,
  idleTimeout: time,
  firstByteTimeout: 0,
  data: () => ({ name: '' }),
  socket: {
    data(socket, chunk) {
      socket.data.name ||= `engine ${chunk.toString('latin1', 0, 6)}`
      told[socket.data.name] ??= []
      socket.write(chunk)
    },
    close(socket, error) {
      told[socket.data.name]?.push((error as NodeJS.ErrnoException | undefined)?.code ?? 'closed')
    },
  },
})

const stream = createServer({ engine }, (socket) => {
  let name = ''
  socket.on('data', (chunk) => {
    name ||= `net ${chunk.toString('latin1', 0, 6)}`
    told[name] ??= []
    socket.write(chunk)
  })
  socket.on('error', () => {})
  socket.setTimeout(time, () => told[name]?.push('timeout'))
})
stream.listen(0, host)
await once(stream, 'listening')
const { port } = stream.address() as { port: number }
process.send?.({ ports: [server.port, port] })

const work = { isOver: false }
process.on('message', () => (work.isOver = true))
const poll = new Poll()
const events = Events.withCapacity(4)
const waits: number[] = []
// Not before some waits were never stopped.
while (!work.isOver || waits.length < 3) {
  const begin = performance.now()
  const count = await poll.pollAsync(events, { timeout: 100 })
  if (count === 0) waits.push(performance.now() - begin)
}
poll.close()
process.send?.({ told, shortest: Math.min(...waits), waits: waits.length })
await engine.close()
process.disconnect()
