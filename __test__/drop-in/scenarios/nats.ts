/** What programs do with NATS. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  connect,
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node'

export interface Address {
  readonly port: number
  readonly user: string
  readonly password: string
  /** A subject that the user may not have anything to do with. */
  readonly forbidden: string
}

export interface Context {
  readonly connection: NatsConnection
  readonly options: ConnectionOptions
  readonly forbidden: string
}

/** The library has no door of its own: it comes to our sockets by `register` alone. */
export async function open(_door: string, address: Address): Promise<Context> {
  const { port, user, password: pass, forbidden } = address
  const options = { servers: `127.0.0.1:${port}`, user, pass, reconnectTimeWait: 50 }
  return { options, forbidden, connection: await connect(options) }
}

export async function close({ connection }: Context): Promise<void> {
  await connection.drain()
}

export const steps = {
  async 'requests that are made at once are answered each'({ connection, options }: Context) {
    const service = await connect(options)
    service.subscribe('double', {
      callback: (_error, message) => {
        message.respond(`${Number(message.string()) * 2}`)
      },
    })
    await service.flush()
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        // The library waits for a second, in which a loaded machine does not answer so many.
        const answer = await connection.request('double', `${i}`, { timeout: 20_000 })
        return Number(answer.string())
      }),
    )
    assert.deepEqual(
      answers,
      Array.from({ length: 1000 }, (_, i) => i * 2),
    )
    await service.drain()
  },

  async 'several MiB arrive in order'({ connection, options }: Context) {
    const publisher = await connect(options)
    const sent = Array.from({ length: 8 }, () => randomBytes(900_000))
    const subscription = connection.subscribe('large', { max: sent.length })
    await connection.flush()
    for (const bytes of sent) publisher.publish('large', bytes)
    const received: Uint8Array[] = []
    for await (const { data } of subscription) received.push(data)
    assert.equal(received.length, sent.length)
    assert.ok(sent.every((bytes, i) => bytes.equals(received[i]!)))
    await publisher.drain()
  },

  async 'a queue shares its messages'({ connection, options }: Context) {
    const workers = await Promise.all([connect(options), connect(options)])
    let count = 0
    let done: () => void
    const told = new Promise<void>((resolve) => (done = resolve))
    for (const worker of workers) {
      const callback = (): void => {
        if (++count === 500) done()
      }
      worker.subscribe('jobs', { queue: 'workers', callback })
      await worker.flush()
    }
    for (let i = 0; i < 500; i += 1) connection.publish('jobs')
    await told
    await connection.flush()
    assert.equal(count, 500)
    await Promise.all(workers.map(async (worker) => worker.drain()))
  },

  async 'a request that nobody answers rejects alone'({ connection }: Context) {
    await assert.rejects(connection.request('nobody'), (error: unknown) => {
      return error instanceof NoRespondersError || error instanceof RequestError
    })
    await connection.flush()
  },

  async 'what the server forbids is told'({ connection, forbidden }: Context) {
    const subscription = connection.subscribe(forbidden)
    await assert.rejects(async () => {
      for await (const message of subscription) assert.fail(message.subject)
    }, PermissionViolationError)
    await connection.flush()
  },

  async 'a wrong password is refused'({ options }: Context) {
    await assert.rejects(connect({ ...options, pass: 'wrong' }), AuthorizationError)
  },

  async 'a client reconnects after the server closed the connection'({ options }: Context) {
    const lost = await connect(options)
    const subscription = lost.subscribe('back', { max: 1 })
    const status = lost.status()
    // Longer than the server lets a line of the protocol be.
    lost.publish('x'.repeat(10_000))
    const seen: string[] = []
    for await (const { type } of status) {
      seen.push(type)
      if (type === 'reconnect') break
    }
    assert.ok(seen.includes('disconnect'))
    lost.publish('back', 'back')
    const received: string[] = []
    for await (const message of subscription) received.push(message.string())
    assert.deepEqual(received, ['back'])
    await lost.close()
  },

  async 'who is not there is told'({ options }: Context) {
    await assert.rejects(connect({ ...options, servers: '127.0.0.1:1' }), (error: Error) => {
      return /connection refused|ECONNREFUSED/i.test(`${error.message} ${error.cause}`)
    })
  },
}
