/** What programs do with a client of Redis, whichever: `ioredis` and `redis` in the words of one. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'

export interface Address {
  readonly port: number
  readonly path: string
}

/** A client in the words that both have, or that ../scenarios of it give it. */
export interface Client {
  command(...args: readonly (string | Buffer)[]): Promise<unknown>
  /** As `command`, with bulk strings as they are. */
  bytes(...args: readonly (string | Buffer)[]): Promise<Buffer>
  /** Sends all in one pipeline. */
  pipeline(commands: readonly (readonly string[])[]): Promise<unknown[]>
  /** Resolves when it is subscribed. */
  subscribe(channel: string, told: (message: string) => void): Promise<void>
  /** Resolves when it has connected once more. */
  reconnected(): Promise<void>
  quit(): Promise<void>
}

export interface Context {
  readonly client: Client
  /** Another client, connected; to a path if that is asked for. */
  another(how?: { isByPath?: boolean }): Promise<Client>
  /** A client of a port where nobody listens, for the error that it meets. */
  refused(): Promise<Error>
}

const MIB = 1024 * 1024

export async function close({ client }: Context): Promise<void> {
  await client.quit()
}

export const steps = {
  async 'values come back as they were set'({ client }: Context) {
    const every = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i))
    assert.equal(await client.command('SET', 'every', every), 'OK')
    assert.ok((await client.bytes('GET', 'every')).equals(every))
    assert.equal(await client.command('SET', 'text', 'Grüße, 世界 🌍', 'PX', '60000'), 'OK')
    assert.equal(await client.command('GET', 'text'), 'Grüße, 世界 🌍')
    assert.equal(await client.command('GET', 'none'), null)
    assert.equal(await client.command('DEL', 'every', 'text'), 2)
  },

  async 'a value of several MiB arrives and comes back'({ client }: Context) {
    const bytes = randomBytes(8 * MIB)
    await client.command('SET', 'large', bytes)
    assert.equal(await client.command('STRLEN', 'large'), bytes.length)
    assert.ok((await client.bytes('GET', 'large')).equals(bytes))
    await client.command('DEL', 'large')
  },

  async 'a pipeline of many commands is answered in order'({ client }: Context) {
    const count = 10_000
    const all = Array.from({ length: count }, (_, i) => i)
    const sets = await client.pipeline(all.map((i) => ['SET', `key${i}`, `value${i}`]))
    assert.ok(sets.length === count && sets.every((answer) => answer === 'OK'))
    const gets = await client.pipeline(all.map((i) => ['GET', `key${i}`]))
    assert.deepEqual(
      gets,
      all.map((i) => `value${i}`),
    )
    await client.command('FLUSHALL')
  },

  async 'commands of many clients at once are answered each'({ client, another }: Context) {
    const clients = await Promise.all(Array.from({ length: 20 }, async () => another()))
    const answers = await Promise.all(
      clients.flatMap((one, i) =>
        Array.from({ length: 50 }, async () => one.command('INCRBY', 'sum', `${i}`)),
      ),
    )
    assert.equal(answers.length, 1000)
    assert.equal(await client.command('GET', 'sum'), `${(50 * 20 * 19) / 2}`)
    await Promise.all(clients.map(async (one) => one.quit()))
  },

  async 'an error of the server rejects its command alone'({ client }: Context) {
    await client.command('SET', 'text', 'x')
    const [failed, after] = await Promise.allSettled([
      client.command('LPUSH', 'text', 'y'),
      client.command('ECHO', 'still here'),
    ])
    assert.equal(failed.status, 'rejected')
    assert.match((failed.reason as Error).message, /^WRONGTYPE/)
    assert.deepEqual(after, { status: 'fulfilled', value: 'still here' })
  },

  async 'messages reach a client that asks for nothing'({ client, another }: Context) {
    const subscriber = await another()
    const messages: string[] = []
    const sent = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(i * 10)}`)
    let done: () => void
    const told = new Promise<void>((resolve) => (done = resolve))
    await subscriber.subscribe('news', (message) => {
      if (messages.push(message) === sent.length) done()
    })
    for (const message of sent) assert.equal(await client.command('PUBLISH', 'news', message), 1)
    await told
    assert.deepEqual(messages, sent)
    await subscriber.quit()
  },

  async 'a command that blocks is answered when there is something'({ client, another }: Context) {
    const waiting = await another()
    const popped = waiting.command('BLPOP', 'list', '0')
    await client.command('RPUSH', 'list', 'x')
    assert.deepEqual(await popped, ['list', 'x'])
    await waiting.quit()
  },

  async 'a client reconnects after the server closed the connection'({ client, another }: Context) {
    const lost = await another()
    const before = await lost.command('CLIENT', 'ID')
    const again = lost.reconnected()
    assert.equal(await client.command('CLIENT', 'KILL', 'ID', `${before as number}`), 1)
    await again
    assert.notEqual(await lost.command('CLIENT', 'ID'), before)
    assert.equal(await lost.command('ECHO', 'back'), 'back')
    await lost.quit()
  },

  async 'a Unix socket serves as well'({ another }: Context) {
    const local = await another({ isByPath: true })
    assert.equal(await local.command('ECHO', 'local'), 'local')
    await local.quit()
  },

  async 'who is not there is told as Node tells it'({ refused }: Context) {
    const { code, syscall, address, port } = (await refused()) as NodeJS.ErrnoException & {
      address?: string
      port?: number
    }
    assert.deepEqual(
      { code, syscall, address, port },
      { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 },
    )
  },
}
