/** Both ends of connections of `mio-js/net`, on an engine that the test closes. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { Engine } from 'mio-js/engine'
import {
  type ConnectOptions,
  type Server,
  type ServerOptions,
  type Socket,
  connect,
  createServer,
} from 'mio-js/net'
import { deferred, soon } from './engine.js'

/** A server that listens on loopback. */
export async function serving(
  t: ExecutionContext,
  engine: Engine,
  options: ServerOptions,
  onConnection: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ engine, ...options }, onConnection)
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await soon(once(server, 'listening'))
  return { server, port: (server.address() as AddressInfo).port }
}

/** The two ends of one connection. */
export async function pair(
  t: ExecutionContext,
  engine: Engine,
  server: ServerOptions = {},
  client: Partial<ConnectOptions> = {},
): Promise<{ near: Socket; far: Socket; server: Server }> {
  const accepted = deferred<Socket>()
  const made = await serving(t, engine, server, (socket) => accepted.resolve(socket))
  const options = { engine, port: made.port, host: '127.0.0.1', ...client } as ConnectOptions
  const near = connect(options)
  await soon(once(near, 'connect'))
  const far = await soon(accepted.promise)
  t.teardown(() => {
    near.destroy()
    far.destroy()
  })
  return { near, far, server: made.server }
}

/** All that a socket receives until its peer ends. */
export async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
