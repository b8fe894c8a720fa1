/**
 * `process.exit(0)` in the middle of something. Arguments: where the engine runs, and the handler or
 * function that exits, or `worker` for the main thread while a worker's engine is in a flood.
 */
import { writeSync } from 'node:fs'
import { Engine, type EngineOptions, type Handlers } from 'mio-js/engine'
import { start } from '../support/workers.js'

const [, , io, where] = process.argv
const hostname = '127.0.0.1'

function exit(): never {
  writeSync(1, String(Date.now()))
  process.exit(0)
}

function at(name: string): void {
  if (name === where) exit()
}

function worker(): void {
  void start('engine', { io: io as 'inline', what: 'flood' }).ready.then(exit)
}

/** Connections with everything that can happen; some flood all the time. */
function engine(): void {
  const made = new Engine({ io: io as EngineOptions['io'], threads: 2 })
  const bytes = Buffer.alloc(256 * 1024)
  const flooding: Handlers = {
    open: (socket) => socket.write(bytes),
    data: (socket, chunk) => socket.write(chunk),
  }
  const flooded = made.listen({ hostname, socket: flooding })
  for (let n = 0; n < 3; n += 1) {
    void made.connect({ hostname, port: flooded.port!, socket: flooding })
  }
  const server = made.listen({
    hostname,
    highWaterMark: 0,
    allowHalfOpen: true,
    data: () => {
      at('factory')
    },
    socket: {
      open(socket) {
        at('open')
        socket.write('x')
        socket.setTimeout(20)
        socket.cork(() => {
          at('cork')
        })
        server.broadcast('y', () => at('filter'))
      },
      data: () => {
        at('data')
      },
      drain: () => {
        at('drain')
      },
      end: () => {
        at('end')
      },
      timeout(socket) {
        at('timeout')
        if (where === 'close') socket.terminate()
      },
      close: () => {
        at('close')
      },
    },
  })
  void made.connect({ hostname, port: server.port!, socket: { open: (socket) => socket.end('z') } })
}

if (where === 'worker') worker()
else engine()
setTimeout(() => {}, 20_000)
