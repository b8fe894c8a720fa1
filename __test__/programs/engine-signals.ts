/**
 * Echoes while signals rain. The argument says where the engine runs. Prints when a timeout of
 * 300 ms came, how much was echoed, and how many signals were handled.
 */
import { writeSync } from 'node:fs'
import { Engine, type EngineOptions } from 'mio-js/engine'

let signals = 0
process.on('SIGUSR2', () => {
  signals += 1
})
const hostname = '127.0.0.1'
const engine = new Engine({ io: process.argv[2] as EngineOptions['io'] })
let wrong = 0
let echoed = 0
let isOver = false
const server = engine.listen({
  hostname,
  socket: { data: (socket, chunk) => socket.write(chunk) },
})
writeSync(1, 'ready\n')
const start = performance.now()
for (let n = 0; n < 10; n += 1) {
  let sent = 0
  let expected = 0
  void engine.connect({
    hostname,
    port: server.port!,
    socket: {
      open: (socket) => socket.write(Buffer.of(0)),
      data(socket, chunk) {
        for (const byte of chunk) {
          if (byte !== expected % 256) wrong += 1
          expected += 1
        }
        echoed += chunk.length
        if (!isOver) socket.write(Buffer.of((sent += 1)))
      },
    },
  })
}
const quiet = await engine.connect({
  hostname,
  port: server.port!,
  socket: {
    timeout() {
      const duration = performance.now() - start
      isOver = true
      writeSync(1, JSON.stringify({ duration, wrong, echoed, signals }))
      process.exit()
    },
  },
})
quiet.setTimeout(300)
