import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Engine } from 'mio-js/engine'
import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
  createServer,
  request as requestOf,
} from 'mio-js/http'
import type { Socket } from 'mio-js/net'
import type { Door, Ears, Listening, Patience, Target, Wire } from './door.js'
import { setPatience } from './net.js'

/** A body that is sent, and one that is received: those of a request, as either end sees it. */
class HttpWire implements Wire {
  readonly #out: ServerResponse | ClientRequest;
  in: IncomingMessage | undefined
  isPaused = false

  constructor(out: ServerResponse | ClientRequest, from?: IncomingMessage) {
    this.#out = out
    this.in = from
  }

  write(bytes: Buffer): boolean {
    return this.#out.write(bytes)
  }

  end(): void {
    this.#out.end()
  }

  pause(): void {
    this.isPaused = true
    this.in?.pause()
  }

  resume(): void {
    this.isPaused = false
    this.in?.resume()
  }

  reset(): void {
    ;(this.#out.socket as Socket | null)?.resetAndDestroy()
  }
}

function hear(wire: HttpWire, from: IncomingMessage, ears: Ears): void {
  wire.in = from
  from.on('data', (chunk: Buffer) => ears.data(wire, chunk))
  from.on('end', () => ears.end(wire))
  if (wire.isPaused) from.pause()
}

/** `mio-js/http`: each connection is one request, whose body is answered while it comes. */
export class HttpDoor implements Door {
  readonly engine = new Engine()
  readonly #agent = new Agent({ keepAlive: false, engine: this.engine } as AgentOptions)

  async listen(host: string, ears: () => Ears, patience: Patience = {}): Promise<Listening> {
    const server = createServer({ engine: this.engine }, (request, response) => {
      setPatience(request.socket as Socket, patience)
      const own = ears()
      const wire = new HttpWire(response)
      let error: NodeJS.ErrnoException | undefined
      const fail = (reason: NodeJS.ErrnoException): void => void (error ??= reason)
      // Of the socket, too: core tells a request only that it was aborted.
      request.socket.prependListener('error', fail)
      request.on('error', fail)
      response.on('error', fail)
      response.on('drain', () => own.drain(wire))
      response.on('close', () => own.close(wire, error))
      own.open(wire)
      hear(wire, request, own)
    })
    // A body may take as long as it does; there is one request for each connection.
    server.requestTimeout = 0
    server.keepAliveTimeout = 1
    server.listen(0, host)
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        server.close()
      },
    }
  }

  connect(to: Target, ears: Ears, patience: Patience = {}): void {
    const request = requestOf({ ...to, method: 'POST', agent: this.#agent })
    const wire = new HttpWire(request)
    let error: NodeJS.ErrnoException | undefined
    const fail = (reason: NodeJS.ErrnoException): void => void (error ??= reason)
    request.once('socket', (socket) => {
      socket.once('error', fail)
      socket.once('connect', () => {
        setPatience(socket as Socket, patience)
        ears.open(wire)
      })
    })
    request.on('drain', () => ears.drain(wire))
    request.on('error', fail)
    request.once('response', (response) => {
      response.on('error', fail)
      hear(wire, response, ears)
    })
    request.once('close', () => ears.close(wire, error))
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await this.engine.close()
  }
}
