/** What of `mio-js/net` must and must not compile. Checked by the build; never run. */
import type core from 'node:net'
import type { Engine, ServerStats } from 'mio-js/engine'
import net, {
  BoundSocket,
  Server,
  Socket,
  type SocketOptions,
  adopt,
  connect,
  createConnection,
  createServer,
  isIP,
} from 'mio-js/net'
import { type Equal, isType } from './equal.js'

/** What was written for core. */
function pipe(from: core.Socket, to: core.Server): core.Socket {
  to.on('connection', (socket) => socket.pipe(from))
  return from.setNoDelay(true)
}

class Named extends Socket {
  readonly name = 'mine'
}

class Counting extends Server {
  count = 0
}

export async function compiles(engine: Engine): Promise<void> {
  const server = createServer({ allowHalfOpen: true, engine, maxPending: 1e6 }, (socket) => {
    isType<Equal<typeof socket, Socket>>()
    const first: Buffer | null = socket.peek(4)
    socket.end(first ?? 'nothing')
  })
  server.listen({ port: 0, host: '127.0.0.1', reusePort: true }, () => server.address())
  server.listen(80, '127.0.0.1', 511).listen('/run/socket')
  isType<Equal<ReturnType<typeof server.stats>, ServerStats | undefined>>()
  const accepted: number | undefined = server.stats()?.accepted
  const asCore: core.Server = server
  const socket = connect(80, 'localhost', () => {})
  const same: core.Socket = createConnection({
    port: 80,
    autoSelectFamily: true,
    signal: AbortSignal.timeout(1),
  })
  pipe(socket, server)
  pipe(new Named({ noDelay: true, keepAlive: true, typeOfService: 8 }), new Counting())
  const called: Socket = Socket()
  const calledServer: Server = Server((one) => one.destroy())
  socket.setKeepAlive(true, 1000, 100, 3).setKeepAlive({ enable: true, interval: 100 })
  socket.setTypeOfService(8).setOption('userTimeout', 5000).setOption(6, 18, 5000)
  isType<Equal<ReturnType<typeof socket.getTypeOfService>, number>>()
  const raw: Buffer = socket.getOption(6, 18)
  const other = adopt(await socket.detach(), { engine })
  isType<Equal<typeof other, Socket>>()
  const bound = new BoundSocket({ host: '::1', port: 0, ipv6Only: true })
  server.listen(bound)
  void new Socket({ handle: bound })
  const reading: SocketOptions = {
    onread: { buffer: new Uint8Array(4), callback: (count, buffer) => count < buffer.length },
  }
  isType<Equal<typeof net.Socket, typeof Socket>>()
  const whole: object = net
  const family: number = isIP('::1')
  for await (const chunk of socket) void (chunk as Buffer)
  void [accepted, asCore, same, called, calledServer, raw, reading, family, whole]
}

export function doesNotCompile(socket: Socket, server: Server): void {
  // @ts-expect-error there is no such option of sockets
  socket.setOption('userTimout', 1)
  // @ts-expect-error a descriptor is read-only
  socket.fd = 4
  // @ts-expect-error a port is no object
  connect({ port: {} })
  // @ts-expect-error neither a port nor a path
  connect({ host: 'localhost' })
  // @ts-expect-error an engine is made by `mio-js/engine`
  createServer({ engine: 'thread' })
  // @ts-expect-error what detach() resolves with
  adopt(4)
  // @ts-expect-error it may not listen
  server.stats().accepted.toFixed()
  // @ts-expect-error the callback says how many bytes came
  void new Socket({ onread: { buffer: new Uint8Array(4), callback: () => 'yes' } })
  // @ts-expect-error read-only
  socket.bytesRead = 1
}
