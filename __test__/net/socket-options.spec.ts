/** setNoDelay, setKeepAlive, ref and unref: their forms; and what no program can see breaks nothing. */
import type { Socket } from 'node:net'
import '../support/census.js'
import { same } from '../support/net.js'
import { unix } from '../support/platforms.js'
import type { World } from '../support/net-world.js'

type Call = (socket: Socket) => unknown

const calls: Record<string, Call> = {
  'setNoDelay()': (socket) => socket.setNoDelay(),
  'setNoDelay(true)': (socket) => socket.setNoDelay(true),
  'setNoDelay(false)': (socket) => socket.setNoDelay(false),
  'setNoDelay(text)': (socket) => socket.setNoDelay('yes' as never),
  'setKeepAlive()': (socket) => socket.setKeepAlive(),
  'setKeepAlive(true)': (socket) => socket.setKeepAlive(true),
  'setKeepAlive(true, 0)': (socket) => socket.setKeepAlive(true, 0),
  'setKeepAlive(true, 1500)': (socket) => socket.setKeepAlive(true, 1500),
  'setKeepAlive(true, -1)': (socket) => socket.setKeepAlive(true, -1),
  'setKeepAlive(true, NaN)': (socket) => socket.setKeepAlive(true, Number.NaN),
  'setKeepAlive(true, text)': (socket) => socket.setKeepAlive(true, '1000' as never),
  'setKeepAlive(true, 2 ** 40)': (socket) => socket.setKeepAlive(true, 2 ** 40),
  'setKeepAlive(false)': (socket) => socket.setKeepAlive(false),
  'setKeepAlive(1)': (socket) => socket.setKeepAlive(1 as never),
  'ref()': (socket) => socket.ref(),
  'unref()': (socket) => socket.unref(),
  'setTimeout(0)': (socket) => socket.setTimeout(0),
  'address()': (socket) => Object.keys(socket.address()),
  'pause()': (socket) => socket.pause(),
  'resume()': (socket) => socket.resume(),
  'cork()': (socket) => socket.cork(),
  'uncork()': (socket) => socket.uncork(),
  'isPaused()': (socket) => socket.isPaused(),
  'setEncoding()': (socket) => socket.setEncoding(),
  'setDefaultEncoding(utf8)': (socket) => socket.setDefaultEncoding('utf8'),
  'setDefaultEncoding(none)': (socket) => socket.setDefaultEncoding('none' as never),
  'setEncoding(none)': (socket) => socket.setEncoding('none' as never),
}

function tell(world: World, when: string, socket: Socket): void {
  for (const [name, call] of Object.entries(calls)) {
    try {
      const returned = call(socket)
      world.log.add(when, name, returned === socket ? 'itself' : returned)
    } catch (error) {
      world.log.add(when, name, 'throws', error)
    }
  }
}

same('every method of options, in every state of a socket', async (world) => {
  tell(world, 'fresh', world.keep(new world.client.Socket()))
  const server = await world.listen()
  const client = world.connect(world.at(server))
  tell(world, 'connecting', client)
  await world.next(client, 'connect')
  tell(world, 'open', client)
  client.end()
  tell(world, 'ended', client)
  client.destroy()
  tell(world, 'destroyed', client)
  await world.closed(client)
  tell(world, 'closed', client)
})

same('every method of options, of an accepted socket', async (world) => {
  const { accepted } = await world.pair({ watch: 'none' })
  tell(world, 'open', accepted)
})

same(
  'every method of options, of a socket of a path',
  async (world) => {
    const { accepted, client } = await world.pair({ isPath: true, watch: 'none' })
    tell(world, 'client', client)
    tell(world, 'server', accepted)
  },
  { run: unix },
)

for (const options of [
  { noDelay: true },
  { keepAlive: true, keepAliveInitialDelay: 1000 },
  { keepAlive: true, keepAliveInitialDelay: -1 },
  { allowHalfOpen: true, noDelay: true, keepAlive: true },
]) {
  same(`${JSON.stringify(options)} at both ends serves`, async (world) => {
    const { accepted, client } = await world.pair({ server: options, client: options })
    client.end('ping')
    await world.logged('server', 'end')
    accepted.end('pong')
    await world.closed(client, accepted)
  })
}

same(
  'options that Node knows and others are taken from where they are own or inherited',
  async (world) => {
    const inherited = Object.create({ port: 1 }) as object
    for (const options of [inherited, Object.freeze({ port: 1 }), { __proto__: null, port: 1 }]) {
      try {
        const socket = world.connect(options as never)
        await world.closed(socket)
        world.log.add('client', 'takes it')
      } catch (error) {
        world.log.add('client', 'throws', error)
      }
    }
  },
)
