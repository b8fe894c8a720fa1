/** Arguments that are wrong: the same ones are refused as with Node, with the same words. */
import '../support/census.js'
import type { Server, Socket } from 'node:net'
import { same } from '../support/net.js'
import { since } from '../support/platforms.js'
import type { World } from '../support/net-world.js'
import { wrongValues } from '../support/wrong-values.js'

/** Values that are printed, and so compared, by themselves. */
const {
  'revoked proxy': _revoked,
  'throws when looked at': _throws,
  // Node puts an underscore into it.
  huge: _huge,
  ...values
} = wrongValues
const all = Object.entries({ ...values, undefined, empty: '', object: {}, five: 5 })

type Call = (world: World, value: unknown) => unknown
type Any = (...args: unknown[]) => unknown

/** Makes a socket that is nothing yet, and calls a method of it. */
function ofSocket(name: keyof Socket, ...before: unknown[]): Call {
  return (world, value) => {
    const socket = world.keep(new world.client.Socket())
    const returned = (socket[name] as Any)(...before, value)
    return returned === socket ? 'itself' : returned
  }
}

/** Options that a socket, a server or `connect` takes, with one of them wrong. */
function optionOf(make: (world: World) => Any, name: string, rest: object = {}): Call {
  return (world, value) => {
    const made = make(world)({ ...rest, [name]: value }) as Socket | Server
    return typeof world.keep(made)
  }
}

const socket =
  (world: World): Any =>
  (options) =>
    new world.client.Socket(options as object)
const server =
  (world: World): Any =>
  (options) =>
    world.server.createServer(options as object)

const calls: Record<string, Call> = {
  // A number would be a descriptor, of which there are some here.
  'new Socket(value)': (world, value) =>
    typeof value === 'number'
      ? undefined
      : typeof world.keep(new world.client.Socket(value as object)),
  'createServer(value)': (world, value) =>
    typeof world.keep(world.server.createServer(value as never)),
  'createServer({}, value)': (world, value) =>
    world.keep(world.server.createServer({}, value as never)).listenerCount('connection'),
  'the option objectMode': optionOf(socket, 'objectMode'),
  'the option readableObjectMode': optionOf(socket, 'readableObjectMode'),
  'the option writableObjectMode': optionOf(socket, 'writableObjectMode'),
  'the option keepAliveInitialDelay': optionOf(socket, 'keepAliveInitialDelay'),
  'the option highWaterMark': optionOf(socket, 'highWaterMark'),
  'the option allowHalfOpen': optionOf(socket, 'allowHalfOpen'),
  'the option noDelay': optionOf(socket, 'noDelay'),
  'the option signal': optionOf(socket, 'signal'),
  'the option onread': optionOf(socket, 'onread'),
  'the option keepAliveInitialDelay of a server': optionOf(server, 'keepAliveInitialDelay'),
  'the option highWaterMark of a server': optionOf(server, 'highWaterMark'),
  'the option pauseOnConnect of a server': optionOf(server, 'pauseOnConnect'),
  'setTimeout(value)': ofSocket('setTimeout'),
  'setTimeout(5, value)': ofSocket('setTimeout', 5),
  'setKeepAlive(value)': ofSocket('setKeepAlive'),
  'setKeepAlive(true, value)': ofSocket('setKeepAlive', true),
  'setNoDelay(value)': ofSocket('setNoDelay'),
  'setEncoding(value)': ofSocket('setEncoding'),
  'setDefaultEncoding(value)': ofSocket('setDefaultEncoding'),
  'read(value)': ofSocket('read'),
  'write(value)': ofSocket('write'),
  'write(text, value)': ofSocket('write', 'text'),
  'write(text, utf8, value)': ofSocket('write', 'text', 'utf8'),
  'end(value)': ofSocket('end'),
  'end(text, value)': ofSocket('end', 'text'),
  'unshift(value)': ofSocket('unshift'),
  'isIP(value)': ({ client }, value) =>
    [client.isIP, client.isIPv4, client.isIPv6].map((is) => is(value as string)),
}

for (const [title, call] of Object.entries(calls)) {
  same(`wrong values in ${title}`, async (world) => {
    for (const [name, value] of all) {
      try {
        world.log.add('seen', name, call(world, value))
      } catch (error) {
        world.log.add('seen', name, 'throws', error)
      }
    }
  })
}

/** Node lets numbers that are no ports through to the system, and fails to say what a symbol is. */
function isCompared(name: string, value: unknown): boolean {
  if (name === 'localPort') return typeof value !== 'number'
  return name !== 'localAddress' || typeof value !== 'symbol'
}

/** Options of connect: none of them may reach the system. */
const connecting: Record<string, object> = {
  port: { host: '127.0.0.1' },
  localPort: { port: 1, host: '127.0.0.1', localAddress: '127.0.0.1' },
  localAddress: { port: 1, host: '127.0.0.1' },
  lookup: { port: 1, host: 'localhost' },
  autoSelectFamily: { port: 1, host: 'localhost' },
  autoSelectFamilyAttemptTimeout: { port: 1, host: 'localhost' },
}

for (const [name, rest] of Object.entries(connecting)) {
  same(
    `wrong values in the option ${name} of connect`,
    async (world) => {
      for (const [title, value] of all.filter(([, each]) => isCompared(name, each))) {
        try {
          const client = world.connect({ ...rest, [name]: value })
          world.log.add('seen', title, 'is taken', client.connecting)
          client.destroy()
        } catch (error) {
          world.log.add('seen', title, 'throws', error)
        }
      }
    },
    { side: 'client' },
  )
}

const listening: Record<string, object> = {
  port: { host: '127.0.0.1' },
  path: {},
  signal: { port: 0 },
  readableAll: { port: 0 },
}

for (const [name, rest] of Object.entries(listening)) {
  same(
    `wrong values in the option ${name} of listen`,
    async (world) => {
      // Text is a path where nothing is to be left.
      for (const [title, value] of all.filter(([each]) => name !== 'path' || each !== 'text')) {
        const made = world.createServer()
        made.on('error', () => {})
        try {
          made.listen({ ...rest, [name]: value } as never)
          world.log.add('seen', title, 'is taken')
          made.close()
        } catch (error) {
          world.log.add('seen', title, 'throws', error)
        }
      }
    },
    { side: 'server' },
  )
}

same(
  'a type of service that is none is refused',
  async (world) => {
    const made = world.keep(new world.client.Socket()) as Socket & { setTypeOfService: Any }
    for (const [title, value] of all) {
      try {
        world.log.add('seen', title, made.setTypeOfService(value) === made)
      } catch (error) {
        world.log.add('seen', title, 'throws', error)
      }
    }
  },
  { side: 'client', run: since(26, 'has none') },
)
