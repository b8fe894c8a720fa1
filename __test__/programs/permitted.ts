/**
 * Bytes through each door of the package, where the process may not do everything. Prints JSON: what
 * came through, or how it failed; and the same of Node's own sockets. Arguments are the doors to try.
 */
import { once } from 'node:events'
import core from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const host = '127.0.0.1'

async function mirror(): Promise<string> {
  const { Events, Interest, Poll, TcpListener, TcpStream, Token } = await import('mio-js')
  const poll = new Poll()
  const listener = TcpListener.bind(`${host}:0`)
  const client = TcpStream.connect(listener.localAddr())
  poll.registry.register(listener, Token(0), Interest.READABLE)
  await poll.pollAsync(Events.withCapacity(4))
  const [stream] = listener.accept() ?? []
  stream?.write(Buffer.from('bytes'))
  poll.registry.register(client, Token(1), Interest.READABLE)
  await poll.pollAsync(Events.withCapacity(4))
  const buffer = Buffer.alloc(5)
  client.read(buffer)
  for (const each of [stream!, client, listener, poll]) each.close()
  return buffer.toString()
}

async function engine(hostname: string): Promise<string> {
  const { Engine } = await import('mio-js/engine')
  const own = new Engine()
  const server = own.listen({ hostname: host, socket: { open: (socket) => socket.end('bytes') } })
  try {
    return await new Promise((resolve, reject) => {
      const socket = { data: (_: unknown, chunk: Buffer) => resolve(String(chunk)) }
      own.connect({ hostname, port: server.port!, socket }).catch(reject)
    })
  } finally {
    await own.close()
  }
}

async function streams(net: typeof core): Promise<string> {
  const server = net.createServer((socket) => socket.end('bytes'))
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = net.connect(port, host)
  try {
    await once(client, 'connect')
    return await text(client)
  } finally {
    server.close()
  }
}

async function http(): Promise<string> {
  const { createServer, get } = await import('mio-js/http')
  const server = createServer((_, response) => response.end('bytes')).listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const request = get({ port, host, agent: false })
  try {
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
    return await text(response)
  } finally {
    server.close()
  }
}

const doors: Record<string, () => Promise<string>> = {
  mirror,
  engine: async () => engine(host),
  name: async () => engine('localhost'),
  net: async () => streams((await import('mio-js/net')) as unknown as typeof core),
  http,
  // A server of Node's throws what it may not where nobody can catch it.
  core: async () =>
    new Promise((resolve, reject) => {
      process.once('uncaughtException', reject)
      streams(core).then(resolve, reject)
    }),
}
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(doors)
const seen: Record<string, unknown> = {}
for (const name of chosen) {
  try {
    seen[name] = await doors[name]?.()
  } catch (error) {
    const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: { code?: string } }
    seen[name] = { code, cause: cause?.code, message }
  }
}
process.stdout.write(JSON.stringify(seen))
process.exit()
