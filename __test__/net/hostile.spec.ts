/** Programs that are not nice to their sockets: the same comes of it as with Node. */
import { once } from 'node:events'
import { existsSync, renameSync, unlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import '../support/census.js'
import { same } from '../support/net.js'
import { unix } from '../support/platforms.js'

same('options whose getters throw pass the error on', async (world) => {
  const options = new Proxy(
    {},
    {
      get(_target, name) {
        throw new Error(`asked for ${typeof name}`)
      },
      ownKeys() {
        throw new Error('asked for keys')
      },
    },
  )
  for (const call of [
    () => new world.client.Socket(options),
    () => world.server.createServer(options as never),
    () => world.client.connect(options as never),
    () => world.createServer().listen(options as never),
  ]) {
    try {
      call()
      world.log.add('seen', 'taken')
    } catch (error) {
      // In which order they are asked is nobody's business.
      world.log.add('seen', 'throws', (error as Error).message.startsWith('asked for'))
    }
  }
})

same('options without a prototype, frozen or with a __proto__ of their own work', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => socket.end('x'))
  const { port, host } = world.at(server) as { port: number; host: string }
  const own = JSON.parse(`{"port":${port},"host":"${host}","__proto__":{"port":1}}`) as object
  for (const options of [
    Object.assign(Object.create(null) as object, { port, host }),
    Object.freeze({ port, host }),
    own,
  ]) {
    const client = world.connect(options as never)
    const [chunk] = await once(client, 'data')
    world.log.add('seen', String(chunk))
    await world.closed(client)
  }
})

same('a callback that is none is left out, or refused at once', async (world) => {
  const server = await world.listen()
  for (const callback of [null, undefined, 5, {}, 'text']) {
    const attempts: Record<string, () => unknown> = {
      connect: () => world.keep(world.client.connect(world.at(server) as never, callback as never)),
      write: () => world.keep(new world.client.Socket()).write('x', callback as never),
      end: () => world.keep(new world.client.Socket()).end('x', callback as never),
      close: () => world.createServer().close(callback as never),
    }
    for (const [name, call] of Object.entries(attempts)) {
      try {
        call()
        world.log.add('seen', name, String(callback), 'taken')
      } catch (error) {
        world.log.add('seen', name, String(callback), error)
      }
    }
  }
})

same('bytes of another realm are bytes', async (world) => {
  const { accepted, client } = await world.pair()
  client.end(runInNewContext('new Uint8Array([104, 105])') as Uint8Array)
  await world.closed(client, accepted)
})

same('a view of a shared buffer, and one that is detached', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const detached = new Uint8Array(5)
  structuredClone(detached, { transfer: [detached.buffer] })
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(97)
  accepted.on('data', (chunk: Buffer) => world.log.receive('server', chunk))
  client.resume()
  client.on('error', (error) => world.log.add('seen', error))
  for (const bytes of [shared, detached]) {
    try {
      client.write(bytes)
    } catch (error) {
      world.log.add('seen', error)
    }
  }
  client.end()
  await world.closed(client, accepted)
  return world.log.digest('server')
})

same('a socket that destroys another one in its data listener', async (world) => {
  const server = await world.listen()
  const accepted: Socket[] = []
  server.on('connection', (socket) => accepted.push(socket.resume()))
  const clients = [world.connect(world.at(server)), world.connect(world.at(server))]
  await Promise.all(clients.map(async (client) => once(client, 'connect')))
  await world.settle()
  let count = 0
  for (const client of clients) {
    client.on('data', () => {
      count += 1
      for (const other of clients) if (other !== client) other.destroy()
    })
  }
  for (const socket of accepted) socket.on('error', () => {}).write('x')
  await world.settle()
  return [count, clients.filter(({ destroyed }) => destroyed).length]
})

same('a server that is closed in its first connection, with more in the queue', async (world) => {
  const server = await world.listen()
  let count = 0
  server.on('connection', (socket) => {
    count += 1
    socket.on('error', () => {})
    socket.destroy()
    server.close()
  })
  const at = world.at(server)
  const clients = Array.from({ length: 20 }, () => world.connect(at).resume())
  // Linux may forget who connects just as another thread closes the listener: such a client is
  // connected to nobody, of which it hears when it writes.
  for (const client of clients) client.write('?')
  await world.closed(...clients)
  return [count > 0, server.listening]
})

same('every listener of every event may destroy, at both ends', async (world) => {
  for (const event of ['connect', 'ready', 'data', 'end', 'finish', 'close', 'drain', 'resume']) {
    const server = await world.listen()
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.on(event, () => socket.destroy())
      socket.resume().end('bye')
    })
    const client = world.connect(world.at(server))
    client.on(event, () => client.destroy())
    client.resume().end('hi')
    await world.closed(client)
    await world.settle()
    world.log.add('seen', event, client.destroyed, client.readyState)
  }
})

same('a method of nothing throws', async (world) => {
  const { Socket: Class, Server } = world.client
  for (const method of [
    Class.prototype.connect,
    Class.prototype.address,
    Server.prototype.listen,
  ]) {
    let outcome = 'returns'
    try {
      Reflect.apply(method as () => unknown, null, [])
    } catch (error) {
      outcome = error instanceof TypeError ? 'throws' : 'throws something else'
    }
    world.log.add('seen', outcome)
  }
})

same('a clone of a socket or a server is none', async (world) => {
  const { server, accepted, client } = await world.pair()
  for (const [name, object] of Object.entries({ server, accepted, client })) {
    let isNone: boolean
    try {
      isNone = Object.getPrototypeOf(structuredClone(object)) === Object.prototype
    } catch (error) {
      isNone = (error as Error).name === 'DataCloneError'
    }
    world.log.add('seen', name, isNone)
  }
  client.end('still here')
  await world.closed(client, accepted)
})

same('classes of a program that extend the socket and the server', async (world) => {
  class Own extends world.client.Socket {
    readonly own = 5
    override end(...args: unknown[]): this {
      world.log.add('own', 'end')
      return super.end(...(args as []))
    }
  }
  class OwnServer extends world.server.Server {
    readonly own = 6
  }
  const server = world.keep(new OwnServer())
  server.on('connection', (socket: Socket) => socket.end('x'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = world.keep(new Own())
  client.connect(world.port(server), '127.0.0.1').resume()
  await world.closed(client)
  return [client.own, server.own, client instanceof world.client.Socket, server instanceof Own]
})

same(
  'a server whose file somebody has replaced leaves the other file alone',
  async (world) => {
    const [path, aside] = [world.path(), world.path('aside')]
    const first = await world.listen({}, { path })
    renameSync(path, aside)
    const second = await world.listen({}, { path })
    const met = once(second, 'connection')
    world.connect({ path })
    await met
    unlinkSync(aside)
    return [first.listening, second.listening, existsSync(path)]
  },
  { run: unix },
)

same('10 megabytes to a peer that has ended, with and without allowHalfOpen', async (world) => {
  for (const allowHalfOpen of [true, false]) {
    const { accepted, client } = await world.pair({
      watch: 'none',
      server: { allowHalfOpen },
      client: { allowHalfOpen: true },
    })
    let received = 0
    client.on('data', (chunk: Buffer) => (received += chunk.length))
    client.end()
    accepted.resume().end(Buffer.alloc(10 << 20))
    await world.closed(client, accepted)
    world.log.add('seen', allowHalfOpen, received)
  }
})

same('30 clients at once, each with its own bytes', async (world) => {
  const server = await world.listen({ allowHalfOpen: true })
  server.on('connection', (socket) => socket.pipe(socket))
  const texts = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const client = world.connect(world.at(server))
      const chunks: Buffer[] = []
      client.on('data', (chunk: Buffer) => chunks.push(chunk))
      for (let part = 0; part < 20; part += 1) {
        client.write(`${index}.${part} `)
        await setImmediate()
      }
      client.end()
      await world.closed(client)
      return Buffer.concat(chunks).toString()
    }),
  )
  return texts
})
