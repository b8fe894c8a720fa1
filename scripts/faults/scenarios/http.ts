/** Requests and responses by `mio-js/http`: with and without a body, on connections that stay. */
import { http } from 'mio-js/http'
import { netEngine } from '#src/net/engine.js'
import type { Line } from '../ledger.js'
import { Deferred, type Scenario, type World } from '../scenario.js'

class Station {
  readonly #world: World
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
  readonly #lines: Line[] = []
  readonly server = http.createServer()
  readonly isListening: Promise<void>
  #port = 0

  constructor(world: World) {
    this.#world = world
    this.server.on('request', (request, response) => {
      const line = this.#lines[Number(request.url?.slice(1))] as Line
      line.isServed = true
      this.#answer(line, request, response)
    })
    this.server.on('clientError', (error, socket) => {
      world.ledger.stranger(error)
      socket.destroy()
    })
    this.isListening = new Promise((resolve, reject) => {
      this.server.once('listening', resolve)
      this.server.once('error', reject)
      this.server.listen(0, '127.0.0.1')
    })
  }

  /** Sends the body back. */
  #answer(
    { up, down, server }: Line,
    request: InstanceType<typeof http.IncomingMessage>,
    response: InstanceType<typeof http.ServerResponse>,
  ): void {
    response.setHeader('content-length', down.bytes.length)
    request.on('data', (chunk: Buffer) => {
      up.arrived(chunk)
      down.sent += chunk.length
      if (response.write(chunk)) return
      request.pause()
      response.once('drain', () => request.resume())
    })
    request.on('end', () => {
      up.ended()
      response.end()
    })
    request.on('error', (error) => server.failed(error))
    response.on('finish', () => (down.acknowledged = down.sent))
    response.on('error', (error) => server.failed(error))
    response.on('close', () => {
      server.closed()
      // That is how a server is told.
      if (!response.writableFinished) server.errors.push('close')
    })
  }

  async ask(length: number, n: number, agent: typeof this.agent | false): Promise<Line> {
    const { random, ledger } = this.#world
    const line = ledger.line(`request ${n}`, length, random)
    this.#lines.push(line)
    const { client, up, down } = line
    const over = new Deferred()
    const path = `/${this.#lines.length - 1}`
    const address = this.server.address()
    if (typeof address === 'object' && address !== null) this.#port = address.port
    const options = { port: this.#port, host: '127.0.0.1', path, agent, method: 'POST' }
    const headers = { 'content-length': length }
    const request = http.request({ ...options, headers }, (response) => {
      response.on('data', (chunk: Buffer) => down.arrived(chunk))
      response.on('end', () => down.ended())
      response.on('error', (error) => client.failed(error))
      response.on('close', () => over.resolve())
    })
    request.on('error', (error) => {
      client.failed(error)
      over.resolve()
    })
    request.on('finish', () => (up.acknowledged = up.sent))
    const half = length >> 1
    up.sent = length
    request.write(up.bytes.subarray(0, half))
    request.end(up.bytes.subarray(half))
    await over.promise
    if (!down.isComplete && client.errors.length === 0) {
      ledger.violation(`${line.name} has not got all of its answer, and was not told`)
    }
    return line
  }

  get agent() {
    return this.#agent
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve())
      this.server.closeAllConnections()
    })
  }
}

export const scenario: Scenario = {
  settings: [
    { io: 'auto', wake: 'uv' },
    { io: 'thread', wake: 'uv' },
  ],

  async run(world) {
    const station = new Station(world)
    world.note('the server')
    try {
      await station.isListening
    } catch (error) {
      world.ledger.told('listen', error)
    }
    if (station.server.listening) {
      world.note('the answers')
      await Promise.all([
        station.ask(2, 0, station.agent),
        station.ask(200_000, 1, station.agent),
        station.ask(3000, 2, false),
        station.ask(5000, 3, station.agent),
      ])
      await world.calm(async () => {
        world.note('an answer without failures')
        const line = await station.ask(10_000, 10, false)
        const isDeaf = !line.down.isComplete && !world.hasFailed
        if (isDeaf) world.ledger.violation('the server is deaf')
      })
    }
    world.note('the server to close')
    await station.close()
    world.note('the engine to close')
    await world.attempt('engine', netEngine)?.close()
  },
}
