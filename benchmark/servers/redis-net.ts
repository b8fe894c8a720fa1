/**
 * The Redis example on `node:net`: the same parser, commands and replies, another transport.
 *
 * It trusts its client: there is no limit to what it keeps.
 */
import { type AddressInfo, type Socket, createServer } from 'node:net'
import type { Database, Session } from '../../examples/redis/command.js'
import { execute } from '../../examples/redis/command-table.js'
import { READY, RequestParser } from '../../examples/redis/parser.js'
import { ReplyBuffer } from '../../examples/redis/reply.js'
import { Store } from '../../examples/redis/store.js'

const counters = {
  connections: 0,
  accepted: 0,
  commands: 0,
  startedAt: performance.now(),
  port: 0,
}
const database: Database = { store: new Store(), counters }
const reply = new ReplyBuffer()

class Client implements Session {
  readonly id = (counters.accepted += 1)
  readonly database = database
  name = ''
  closing = false
  readonly #socket: Socket
  readonly #parser = new RequestParser()
  /** The beginning of a command whose end is still on its way. */
  #left: Buffer | null = null

  constructor(socket: Socket) {
    this.#socket = socket
  }

  receive(chunk: Buffer): void {
    const bytes = this.#left === null ? chunk : Buffer.concat([this.#left, chunk])
    const parser = this.#parser
    let start = 0
    while (!this.closing && parser.parse(bytes, start, bytes.length) === READY) {
      start = parser.next
      execute(parser.request, reply, this)
    }
    if (parser.error !== '') {
      reply.error(parser.error)
      this.closing = true
    }
    this.#left = parser.next < bytes.length ? bytes.subarray(parser.next) : null
    if (reply.length > 0) {
      // All connections share the buffer, and the socket may keep what it is given.
      this.#socket.write(Buffer.from(reply.bytes.subarray(0, reply.length)))
      reply.clear()
    }
    if (this.closing) this.#socket.end()
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  const client = new Client(socket)
  counters.connections += 1
  socket.on('data', (chunk) => client.receive(chunk))
  socket.on('close', () => (counters.connections -= 1))
  socket.on('error', () => {
    // The peer reset the connection.
  })
})
server.listen(0, '127.0.0.1', () => {
  const { address, port } = server.address() as AddressInfo
  counters.port = port
  console.log(`listening ${address}:${port}`)
})
