/**
 * Collects garbage in every handler, while nothing but pending events leads to most of the sockets.
 * The argument says where the engine runs. Prints what came back, and the warnings.
 */
import { Engine, type EngineOptions, type Handlers } from 'mio-js/engine'

const hostname = '127.0.0.1'
const connections = 10
const rounds = 5
let closed = 0
let received = 0
let warnings = 0
process.on('warning', () => (warnings += 1))

function collect(): void {
  globalThis.gc?.()
}

const finished = new Promise<void>((resolve) => {
  /** Nobody keeps anything that is made here. */
  function begin(): void {
    const engine = new Engine({ io: process.argv[2] as EngineOptions['io'], threads: 2 })
    const server = engine.listen({
      hostname,
      data: () => ({ kept: Buffer.alloc(1000, 'k') }),
      socket: {
        open: collect,
        data(socket, chunk) {
          collect()
          if (socket.data.kept.toString() !== 'k'.repeat(1000)) throw new Error('lost its data')
          socket.write(chunk)
        },
        end: collect,
        close() {
          collect()
          closed += 1
          if (closed === 2 * connections) server.closeNow()
          if (closed === 2 * connections) resolve()
        },
      },
    })
    const client: Handlers<{ round: number }> = {
      open(socket) {
        collect()
        socket.write('some bytes')
      },
      data(socket, chunk) {
        collect()
        received += chunk.length
        socket.data.round += 1
        if (socket.data.round < rounds) socket.write(chunk)
        else socket.end()
      },
      close() {
        collect()
        closed += 1
        if (closed === 2 * connections) server.closeNow()
        if (closed === 2 * connections) resolve()
      },
    }
    for (let n = 0; n < connections; n += 1) {
      const data = (): { round: number } => ({ round: 0 })
      void engine.connect({ hostname, port: server.port!, data, socket: client })
    }
  }
  begin()
  collect()
})
const timer = setInterval(collect, 1)
await finished
clearInterval(timer)
console.log(JSON.stringify({ received, closed, warnings }))
