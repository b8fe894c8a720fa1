/**
 * What becomes of connections when functions of the program throw. Argument: where the engine runs.
 * Prints one JSON value.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Engine, type EngineOptions } from 'mio-js/engine'
import { type Socket, connect, createServer } from 'mio-js/net'

const engine = new Engine({ io: process.argv[2] as EngineOptions['io'] })
const log: string[] = []
process.on('uncaughtException', ({ message }) => log.push(`uncaught ${message}`))

const server = createServer({ engine }, (socket) => socket.end('abcdefghij'))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve))
}

let parts = 0
const onread = {
  buffer: Buffer.alloc(4),
  callback(count: number, buffer: Uint8Array) {
    log.push(`read ${Buffer.from(buffer.subarray(0, count)).toString()}`)
    parts += 1
    if (parts === 1) throw new Error('onread')
    return true
  },
}
await closed(connect({ engine, port, host: '127.0.0.1', onread }))

async function turnedAway(): Promise<void> {
  await closed(connect({ engine, port, host: '127.0.0.1' }).resume())
  log.push('closed')
}

server.once('drop', () => {
  throw new Error('drop')
})
server.maxConnections = 0
await turnedAway()

server.maxConnections = 1
Object.assign(server, {
  blockList: {
    check() {
      throw new Error('blockList')
    },
  },
})
await turnedAway()

server.maxConnections = 9
Object.assign(server, { blockList: undefined })
const connecting = connect({ engine, port, host: '127.0.0.1' }).resume()
connecting.once('connect', () => {
  throw new Error('connect')
})
await new Promise((resolve) => connecting.write('x', resolve))
log.push('written')
await closed(connecting)

// Whoever has started it ends it if one is never closed.
while (server.stats()?.open !== 0) {
  // oxlint-disable-next-line no-await-in-loop: it waits
  await new Promise((resolve) => setImmediate(resolve))
}
log.push('open 0')
server.close()
await engine.close()
process.stdout.write(JSON.stringify(log))
