/** A worker with sockets of `mio-js/net`, in one of several situations; says 'ready' when it is there. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Engine } from 'mio-js/engine'
import { BoundSocket, type Server, type Socket, connect, createServer } from 'mio-js/net'
import { ready, situation, unknown } from './situation.js'

const { io, what, port } = situation
const host = '127.0.0.1'
const engine = new Engine({ io, threads: 2 })

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ engine }, (socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  return server
}

function dial(to: number): Socket {
  return connect({ engine, port: to, host }).on('error', () => {})
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Connections that never stop to send, and a server that sends it all back. */
async function flood(): Promise<Server> {
  const bytes = Buffer.alloc(64 * 1024)
  const server = await listening((socket) => socket.pipe(socket))
  let received = 0
  for (let n = 0; n < 4; n += 1) {
    const client = dial(portOf(server))
    const send = (): void => {
      while (client.write(bytes));
    }
    client.on('connect', send).on('drain', send)
    client.on('data', (chunk) => {
      if (received < 1_000_000 && received + chunk.length >= 1_000_000) ready()
      received += chunk.length
    })
  }
  return server
}

switch (what) {
  case 'listen': {
    ready(portOf(await listening(() => {})))
    break
  }
  case 'connect': {
    for (let n = 0; n < 20; n += 1) dial(port)
    ready()
    break
  }
  case 'handler':
  case 'exit in a handler':
  case 'throw in a handler': {
    dial(port).on('connect', () => {
      if (what === 'exit in a handler') process.exit(0)
      if (what === 'throw in a handler') throw new Error('ends the worker')
      ready()
      for (;;);
    })
    break
  }
  case 'begin': {
    ready()
    await flood()
    break
  }
  case 'bound': {
    // Some that nobody has taken over, some that connect or listen.
    const sockets = Array.from({ length: 20 }, () => new BoundSocket({ host }))
    createServer({ engine }).listen(sockets[0] as never)
    ready(sockets.length)
    for (;;) sockets.push(new BoundSocket({ host }))
  }
  case 'flood': {
    await flood()
    break
  }
  case 'close': {
    const server = await flood()
    server.close()
    void engine.close()
    ready()
    break
  }
  case 'echo': {
    const server = await listening((socket) => socket.end('echo'))
    const [chunk] = (await once(dial(portOf(server)), 'data')) as [Buffer]
    // Nothing is left open then, and the worker ends by itself.
    server.close()
    ready(String(chunk))
    break
  }
  default: {
    unknown()
  }
}
