import { once } from 'node:events'
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis'
import { connect } from 'mio-js/net'
import type { Address, Client, Context } from './redis.ts'

export { close, steps } from './redis.ts'

/** What is asked of a client, of which a connector is told with all other options. */
type Place = { port: number; host: string } | { path: string }

type Options = Pick<RedisOptions, 'Connector' | 'retryStrategy'>

class Connector extends AbstractConnector {
  readonly #place: Place

  constructor(options: unknown) {
    super(2000)
    this.#place = options as Place
  }

  // oxlint-disable-next-line require-await: the library waits for it
  override async connect(): Promise<AbstractConnector['stream']> {
    this.connecting = true
    const place = this.#place
    this.stream = 'path' in place ? connect(place.path) : connect(place.port, place.host)
    return this.stream
  }
}

function wrap(redis: Redis): Client {
  return {
    command: async (name, ...args) => redis.call(`${name}`, args),
    bytes: async (name, ...args) => (await redis.callBuffer(`${name}`, args)) as Buffer,
    async pipeline(commands) {
      const pipeline = redis.pipeline(commands.map(([name, ...args]) => ['call', name!, ...args]))
      const answers = await pipeline.exec()
      return answers!.map(([error, answer]) => error ?? answer)
    },
    async subscribe(channel, told) {
      redis.on('message', (_channel, message: string) => told(message))
      await redis.subscribe(channel)
    },
    async reconnected() {
      await once(redis, 'ready')
    },
    async quit() {
      await redis.quit()
    },
  }
}

export async function open(door: string, { port, path }: Address): Promise<Context> {
  const here = { host: '127.0.0.1', port }
  const options: Options = door === 'connector' ? { Connector } : {}
  const start = (more: Place & Options): Redis => {
    const redis = new Redis({ ...options, ...more })
    redis.on('error', () => {}) // told by the commands that it rejects
    return redis
  }
  const another: Context['another'] = async ({ isByPath = false } = {}) => {
    const redis = start(isByPath ? { path } : here)
    await once(redis, 'ready')
    return wrap(redis)
  }
  return {
    another,
    client: await another(),
    async refused() {
      const redis = start({ ...here, port: 1, retryStrategy: () => null })
      const [error] = (await once(redis, 'error')) as [Error]
      return error
    },
  }
}
