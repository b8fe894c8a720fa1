/**
 * Writes to peers that are gone, with SIGPIPE as a program of C has it: it would end the process.
 * Arguments: where the engine runs, and the path of a Unix socket. Prints how the sockets closed.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { TcpStream } from 'mio-js'
import { Engine, type EngineOptions, type ListenOptions } from 'mio-js/engine'
import net from 'node:net'
import { isDefault } from '../support/sigpipe.js'

const [, , io, path] = process.argv
const engine = new Engine({ io: io as EngineOptions['io'] })
const outcomes: (string | undefined)[] = []

async function writeToNobody(options: ListenOptions, visit: (port: number) => unknown) {
  const closed = new Promise<void>((resolve) => {
    const server = engine.listen({
      ...options,
      allowHalfOpen: true,
      maxPending: Infinity,
      socket: {
        async end(socket) {
          // The peer is gone: the first write makes it say so, and a later one fails.
          while (socket.readyState !== 'closed') {
            socket.write('x')
            socket.cork(() => {
              for (let n = 0; n < 100; n += 1) socket.write(Buffer.alloc(10_000))
            })
            await delay(1)
          }
        },
        close(_, error) {
          outcomes.push((error as NodeJS.ErrnoException | undefined)?.code)
          server.closeNow()
          resolve()
        },
      },
    })
    visit(server.port ?? 0)
  })
  await closed
}

await writeToNobody({ hostname: '127.0.0.1' }, async (port) => {
  const stream = TcpStream.connect(`127.0.0.1:${port}`)
  while (!stream.finishConnect()) await delay(1)
  stream.close()
})
await writeToNobody({ path }, () => {
  const socket = net.connect(path!, () => socket.destroy())
})
await engine.close()
console.log(JSON.stringify({ isDefault, outcomes }))
