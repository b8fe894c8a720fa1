import { once } from 'node:events'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { until } from './until.js'

/** A client of Node's own that keeps the text it gets. */
export class TextClient {
  readonly socket: net.Socket
  text = ''
  /** `end` when the peer has ended, the code of an error when there was one. */
  outcome: string | undefined

  private constructor(t: ExecutionContext, to: net.NetConnectOpts) {
    this.socket = net.connect({ allowHalfOpen: true, ...to })
    this.socket.setEncoding('utf8')
    this.socket.on('data', (text: string) => (this.text += text))
    this.socket.on('end', () => (this.outcome ??= 'end'))
    this.socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.outcome ??= code))
    t.teardown(() => {
      this.socket.destroy()
    })
  }

  static async connect(t: ExecutionContext, port: number): Promise<TextClient> {
    const client = new TextClient(t, { port, host: '127.0.0.1' })
    await once(client.socket, 'connect')
    return client
  }

  async receives(text: string): Promise<void> {
    await until(`${text} comes`, () => this.text.includes(text) || this.outcome !== undefined)
    if (this.text.includes(text)) return
    throw new Error(`${text} did not come; there was: ${this.text}, then: ${this.outcome}`)
  }

  /** Says something, and waits until it has come back. */
  async echoes(text: string): Promise<void> {
    this.socket.write(text)
    await this.receives(text)
  }

  async ends(): Promise<string | undefined> {
    await until('it ends', () => this.outcome !== undefined)
    return this.outcome
  }
}
