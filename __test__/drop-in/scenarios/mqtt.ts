/** What programs do with `mqtt`. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect as connectSocket } from 'mio-js/net'
import { connect, MqttClient, type IClientOptions } from 'mqtt'

export interface Address {
  readonly port: number
  readonly username: string
  readonly password: string
}

export interface Context {
  readonly client: MqttClient
  /** Another client, which may not be connected yet. */
  start(options?: IClientOptions): MqttClient
}

const MIB = 1024 * 1024
const host = '127.0.0.1'

export async function open(door: string, { port, username, password }: Address): Promise<Context> {
  const start = (more: IClientOptions = {}): MqttClient => {
    const always = { host, port, username, password, protocolVersion: 5, reconnectPeriod: 50 }
    const options = { ...always, ...more } as IClientOptions & { port: number }
    if (door !== 'streamBuilder') return connect(options)
    const build = (): ReturnType<typeof connectSocket> => connectSocket(options.port, host)
    return new MqttClient(build, options)
  }
  const client = start()
  await next(client, 'connect')
  return { client, start }
}

export async function close({ client }: Context): Promise<void> {
  await client.endAsync()
}

/** As `once` of node:events, which does not know the declarations of the library. */
async function next<T>(client: MqttClient, event: 'connect' | 'close' | 'error'): Promise<T> {
  return new Promise((resolve) => client.once(event, (value?: unknown) => resolve(value as T)))
}

/** The next messages of a client, when there are so many. */
async function messagesOf(client: MqttClient, count: number): Promise<Buffer[]> {
  const messages: Buffer[] = []
  return new Promise((resolve) => {
    client.on('message', function listener(_topic, payload) {
      if (messages.push(payload) < count) return
      client.removeListener('message', listener)
      resolve(messages)
    })
  })
}

export const steps = {
  async 'messages of every quality of service arrive once'({ client }: Context) {
    await client.subscribeAsync('qos', { qos: 2 })
    for (const qos of [0, 1, 2] as const) {
      const sent = Array.from({ length: 300 }, (_, i) => `${qos} ${i} ${'x'.repeat(i)}`)
      const told = messagesOf(client, sent.length)
      await Promise.all(sent.map(async (text) => client.publishAsync('qos', text, { qos })))
      assert.deepEqual((await told).map(String), sent)
    }
    await client.unsubscribeAsync('qos')
  },

  async 'a message of several MiB arrives and comes back'({ client, start }: Context) {
    const publisher = start()
    const bytes = randomBytes(4 * MIB)
    await client.subscribeAsync('large')
    const told = messagesOf(client, 1)
    await publisher.publishAsync('large', bytes, { qos: 1 })
    assert.ok((await told)[0]?.equals(bytes))
    await publisher.endAsync()
  },

  async 'a message is retained for those who come later'({ client, start }: Context) {
    await client.publishAsync('retained', 'kept', { retain: true, qos: 1 })
    const later = start()
    const told = messagesOf(later, 1)
    await later.subscribeAsync('retained')
    assert.equal(`${(await told)[0]}`, 'kept')
    await later.endAsync()
  },

  async 'a wrong password is refused'({ start }: Context) {
    const refused = start({ password: 'wrong', reconnectPeriod: 0 })
    const error = await next<Error>(refused, 'error')
    assert.match(error.message, /Not authorized/)
    await refused.endAsync()
  },

  async 'the will of one whose connection breaks is published'(context: Context) {
    const { client, start } = context
    await client.subscribeAsync('will')
    const will = { topic: 'will', payload: Buffer.from('gone'), qos: 1 } as const
    const dying = start({ will, reconnectPeriod: 0 })
    await next(dying, 'connect')
    const told = messagesOf(client, 1)
    dying.stream.destroy()
    assert.equal(`${(await told)[0]}`, 'gone')
    await dying.endAsync()
  },

  async 'a client reconnects after the broker closed the connection'(context: Context) {
    const { client, start } = context
    const clientId = `mio-js-${process.pid}`
    const lost = start({ clientId })
    await next(lost, 'connect')
    await lost.subscribeAsync('back')
    const closed = next(lost, 'close')
    // The broker lets only one be of that name.
    const other = start({ clientId, reconnectPeriod: 0 })
    await closed
    const again = next(lost, 'connect')
    await other.endAsync()
    await again
    const told = messagesOf(lost, 1)
    await lost.subscribeAsync('back')
    await client.publishAsync('back', 'back')
    assert.equal(`${(await told)[0]}`, 'back')
    await lost.endAsync()
  },

  async 'a ping is answered'({ client }: Context) {
    const told = new Promise<void>((resolve) => {
      client.on('packetreceive', ({ cmd }) => {
        if (cmd === 'pingresp') resolve()
      })
    })
    client.sendPing()
    await told
  },

  async 'who is not there is told as Node tells it'({ start }: Context) {
    const nobody = start({ port: 1, reconnectPeriod: 0 })
    const error = await next<NodeJS.ErrnoException>(nobody, 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    assert.equal(error.syscall, 'connect')
    await nobody.endAsync()
  },
}
