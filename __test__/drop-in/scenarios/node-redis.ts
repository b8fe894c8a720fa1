import { createClient, RESP_TYPES } from 'redis'
import type { Address, Client, Context } from './redis.ts'

export { close, steps } from './redis.ts'

const host = '127.0.0.1'

type Redis = ReturnType<typeof createClient>

function wrap(redis: Redis): Client {
  const raw = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  return {
    command: async (...args) => redis.sendCommand(args as string[]),
    bytes: async (...args) => (await raw.sendCommand(args as string[])) as unknown as Buffer,
    pipeline: async (commands) =>
      Promise.all(commands.map(async (command) => redis.sendCommand([...command]))),
    async subscribe(channel, told) {
      await redis.subscribe(channel, told)
    },
    async reconnected() {
      // Not by `once` of node:events, which rejects with the error that comes before.
      await new Promise<void>((resolve) => redis.once('ready', () => resolve()))
    },
    async quit() {
      await redis.close()
    },
  }
}

/** The library has no door of its own: it comes to our sockets by `register` alone. */
export async function open(_door: string, { port, path }: Address): Promise<Context> {
  const another: Context['another'] = async ({ isByPath = false } = {}) => {
    const redis = createClient({
      socket: isByPath ? { path, tls: false } : { host, port },
    }) as Redis
    redis.on('error', () => {}) // told by the commands that it rejects
    await redis.connect()
    return wrap(redis)
  }
  return {
    another,
    client: await another(),
    async refused() {
      const redis = createClient({ socket: { host, port: 1, reconnectStrategy: false } })
      redis.on('error', () => {})
      return redis.connect().then(
        () => new Error('it has connected'),
        (error: Error) => error,
      )
    },
  }
}
