/**
 * An echo server on the engine.
 *
 * usage: engine.js inline|thread|auto [threads]
 */
import { Engine, type EngineOptions } from 'mio-js/engine'

const [io = 'auto', threads = '1'] = process.argv.slice(2)
const engine = new Engine({
  io: io as NonNullable<EngineOptions['io']>,
  threads: Number(threads),
})

const { hostname, port } = engine.listen({
  hostname: '127.0.0.1',
  port: 0,
  // As on `node:net` (net.ts): only a client that does not read makes the server wait.
  highWaterMark: 256 * 1024,
  // The default is 10,000, which the benchmarks reach.
  maxConnections: 20_000,
  socket: {
    data(socket, chunk) {
      if (!socket.write(chunk)) socket.pause()
    },
    drain(socket) {
      socket.resume()
    },
  },
})
console.log(`listening ${hostname}:${port}`)
