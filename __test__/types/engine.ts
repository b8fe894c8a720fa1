/** What of `mio-js/engine` must and must not compile. Checked by the build; never run. */
import type { SocketOptions } from 'mio-js'
import {
  type AdoptOptions,
  type ConnectOptions,
  type ConnectionOptions,
  type Detached,
  Engine,
  type EngineOptions,
  type EngineStats,
  type Handlers,
  type KeepAlive,
  type ListenOptions,
  Server,
  type ServerStats,
  Socket,
  type SocketOptionValues,
  connect,
  engines,
  listen,
} from 'mio-js/engine'
import { type Equal, isType } from './equal.js'

interface Session {
  name: string
}

export async function compiles(engine: Engine, socket: Socket<Session>): Promise<void> {
  const server = listen<Session>({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: true,
    data: () => ({ name: '' }),
    socket: {
      open(self) {
        isType<Equal<typeof self, Socket<Session>>>()
        self.data.name = 'known'
      },
      data(self, chunk) {
        isType<Equal<typeof chunk, Buffer>>()
        if (!self.write(chunk)) self.pause()
      },
      async close(self, error) {
        isType<Equal<typeof error, Error | undefined>>()
        await self.data.name.at(0)
      },
    },
    options: { mark: 7, linger: null, keepalive: { time: 1000 } },
  })
  isType<Equal<typeof server, Server>>()
  isType<Equal<Server['port'], number | undefined>>()
  isType<Equal<ReturnType<Server['stats']>, ServerStats>>()
  isType<Equal<ReturnType<Engine['stats']>, EngineStats>>()
  const all: Engine[] = engines()
  isType<Equal<Socket['options'], SocketOptions>>()
  isType<Equal<Socket['data'], undefined>>()
  isType<Equal<ReturnType<typeof server.broadcast>, number>>()
  server.broadcast<Session>('text', ({ data }) => data.name !== '')
  server.reload<Session>({ data: (self, chunk) => self.data.name + String(chunk) })

  // Without a factory there is no data.
  const plain = await connect({ port: 1, hostname: 'localhost', signal: AbortSignal.timeout(1) })
  isType<Equal<typeof plain, Socket<undefined>>>()
  const typed = await engine.connect<Session>({ path: '/run/socket', data: () => ({ name: 'a' }) })
  isType<Equal<typeof typed.data, Session>>()
  isType<Equal<Awaited<ReturnType<typeof socket.detach>>, Detached>>()
  const { fd, leftover } = await socket.detach()
  isType<Equal<typeof leftover, Buffer>>()
  engine.adopt<Session>(fd, {
    leftover: new DataView(new ArrayBuffer(1)),
    data: () => ({ name: '' }),
  })

  socket.write('text', 'latin1')
  socket.write(new Float64Array(1))
  isType<Equal<ReturnType<typeof socket.tryWrite>, number>>()
  isType<Equal<ReturnType<typeof socket.cork<string>>, string>>()
  socket.setTimeout(5).setNoDelay().setKeepAlive(true, 1000, 100, 3).ref().unref().pause().resume()
  await using own: Engine = new Engine({ io: 'thread', threads: 2, maxPendingTotal: Infinity })
  await using closing: Server = own.listen({ fd: 3, idleTimeout: Infinity, borrow: true })
  void closing

  const everywhere: ConnectionOptions = { keepAlive: { delay: 1000 } satisfies KeepAlive }
  const options: [ListenOptions, ConnectOptions, AdoptOptions] = [
    everywhere,
    { ...everywhere, port: 1 },
    everywhere,
  ]
  const values: SocketOptionValues = { ttl: 64 }
  const settings: EngineOptions = { io: undefined }
  // One set of handlers serves all three.
  const handlers: Handlers = { data: (self) => self.end(), drain: (self) => self.resume() }
  own.listen({ socket: handlers })
  void own.connect({ port: 1, socket: handlers })
  void [options, values, settings, all]
}

export function doesNotCompile(engine: Engine, socket: Socket<Session>, stats: EngineStats): void {
  // @ts-expect-error one of three
  void new Engine({ io: 'quickly' })
  // @ts-expect-error what only an engine makes
  void new Server()
  // @ts-expect-error what only an engine makes
  void new Socket()
  // @ts-expect-error the handlers want a session, and nobody makes one
  engine.listen<Session>({ data: () => ({}) })
  // @ts-expect-error a port is a number
  engine.listen({ port: '80' })
  // @ts-expect-error there is no such event
  engine.listen({ socket: { error() {} } })
  // @ts-expect-error an option of sockets that there is not
  engine.listen({ options: { marc: 7 } })
  // @ts-expect-error a handler gets the socket first
  engine.listen({ socket: { data: (chunk: Buffer) => chunk } })
  // @ts-expect-error the data has a name
  socket.data = {}
  // @ts-expect-error text has no room that it fits into
  socket.tryWrite('text')
  // @ts-expect-error an encoding of Node's
  socket.write('text', 'utf-9')
  // @ts-expect-error memory without a view
  socket.write(new ArrayBuffer(1))
  // @ts-expect-error milliseconds
  socket.setTimeout('1 s')
  // @ts-expect-error read-only
  socket.bytesRead = 0
  // @ts-expect-error read-only
  stats.accepted = 0
  // @ts-expect-error a descriptor is a number
  engine.adopt(socket)
  // @ts-expect-error a promise is waited for
  engine.connect({ port: 1 }).write('text')
}
