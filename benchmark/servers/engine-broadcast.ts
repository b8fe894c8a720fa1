/**
 * What one client says, all clients are told: on the engine.
 *
 * usage: engine-broadcast.js inline|thread|auto [threads]
 */
import { Engine, type EngineOptions } from 'mio-js/engine'

const [io = 'auto', threads = '1'] = process.argv.slice(2)
const engine = new Engine({
  io: io as NonNullable<EngineOptions['io']>,
  threads: Number(threads),
})

const server = engine.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    data(_socket, message) {
      server.broadcast(message)
    },
  },
})
console.log(`listening ${server.hostname}:${server.port}`)
