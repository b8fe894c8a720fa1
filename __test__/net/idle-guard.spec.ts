import { once } from 'node:events'
import { Agent, createServer, get } from 'node:http'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectOptions, connect } from 'mio-js/net'
import '../support/census.js'
import { soon, underEachDriver } from '../support/engine.js'

underEachDriver(
  'a pooled socket that gets bytes nobody asked for is destroyed',
  async (t, make) => {
    const engine = make()
    const peers: NetSocket[] = []
    const server = createServer((_, response) => response.end('ok'))
    server.on('connection', (socket: NetSocket) => peers.push(socket))
    server.listen(0, '127.0.0.1')
    await soon(once(server, 'listening'))
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const agent = new Agent({ keepAlive: true })
    const sockets: Duplex[] = []
    agent.createConnection = (options) => {
      const socket = connect({ ...options, engine } as ConnectOptions)
      sockets.push(socket as unknown as Duplex)
      return socket as unknown as Duplex
    }
    const ask = async (): Promise<string> => {
      const [response] = await soon(once(get({ agent, port, host: '127.0.0.1' }), 'response'))
      let text = ''
      for await (const chunk of response) text += chunk
      return text
    }
    t.is(await ask(), 'ok')
    const [first] = sockets
    if (first === undefined) throw new Error('no socket was made')
    if (Object.values(agent.freeSockets).length === 0) await soon(once(first, 'free'))
    peers[0]?.write('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\npoisoned')
    await soon(once(first, 'close'))
    t.is(await ask(), 'ok')
    t.is(sockets.length, 2)
    agent.destroy()
  },
)
