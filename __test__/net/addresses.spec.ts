/** One peer has one address, whatever the address of its server is. */
import { once } from 'node:events'
import { BlockList, type Socket } from 'node:net'
import test from 'ava'
import { TcpStream } from 'mio-js'
import { type Server, connect, createServer } from 'mio-js/net'
import '../support/census.js'
import { received, serving } from '../support/drop-in.js'
import { soon, underEachDriver } from '../support/engine.js'
import { hasIPv6 } from '../support/families.js'
import { same } from '../support/net.js'
import { where } from '../support/platforms.js'

const dual = where(hasIPv6 && process.platform !== 'win32', 'needs IPv6')

same(
  'a server of IPv6 alone refuses peers of IPv4, and names those of IPv6',
  async (world) => {
    const server = await world.listen({}, { port: 0, host: '::', ipv6Only: true })
    const port = world.port(server)
    const refused = world.connect({ port, host: '127.0.0.1' })
    const [error] = await world.next(refused, 'error')
    world.log.add('seen', error)
    const met = once(server, 'connection') as Promise<[Socket]>
    const client = world.connect({ port, host: '::1' })
    const [accepted] = await met
    world.log.add('seen', accepted.remoteAddress, accepted.remoteFamily, accepted.localAddress)
    client.destroy()
  },
  { run: dual },
)

async function listening(server: Server, host: string): Promise<number> {
  server.listen(0, host)
  await soon(once(server, 'listening'))
  return (server.address() as { port: number }).port
}

dual('a block list of IPv4 holds for peers that a server of every address names', async (t) => {
  const blockList = new BlockList()
  blockList.addSubnet('127.0.0.0', 8)
  for (const [host, isNamed] of [
    ['::', '::ffff:127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
  ] as const) {
    const names: (string | undefined)[] = []
    const server = createServer({ blockList }, (socket) => {
      names.push(socket.remoteAddress)
      socket.end('in')
    })
    const port = await listening(server, host)
    const blocked = connect(port, '127.0.0.1').resume()
    blocked.on('error', () => {})
    await soon(once(blocked, 'close'))
    t.is(blocked.bytesRead, 0)
    Object.assign(server, { blockList: undefined })
    const admitted = connect(port, '127.0.0.1')
    const [chunk] = (await soon(once(admitted, 'data'))) as [Buffer]
    t.is(String(chunk), 'in')
    t.deepEqual(names, [isNamed])
    server.close()
    await soon(once(server, 'close'))
  }
})

test('a client does not connect to what its block list names, in any spelling', async (t) => {
  const blockList = new BlockList()
  blockList.addAddress('127.0.0.1')
  const server = createServer((socket) => socket.destroy())
  const port = await listening(server, '127.0.0.1')
  for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1']) {
    const client = connect({ port, host, blockList } as never)
    const [error] = (await soon(once(client, 'close').catch((reason: unknown) => [reason]))) as [
      NodeJS.ErrnoException,
    ]
    t.is(error.code, 'ERR_IP_BLOCKED', host)
  }
  server.close()
  await soon(once(server, 'close'))
})

underEachDriver('clients that are reset in the queue harm nobody', async (t, make) => {
  const engine = make()
  const { server, port } = await serving(t, engine, {}, (socket) => {
    socket.on('error', () => {})
    socket.end('served')
  })
  for (let n = 0; n < 20; n += 1) {
    const stream = TcpStream.connect(`127.0.0.1:${port}`)
    stream.options.setLinger(0)
    stream.close()
  }
  const next = connect({ engine, port, host: '127.0.0.1' })
  t.is(String(await soon(received(next))), 'served')
  server.close()
  await soon(once(server, 'close'))
})
