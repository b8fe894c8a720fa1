import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Engine } from 'mio-js/engine'
import { type Socket, connect, createServer } from 'mio-js/net'
import type { Door, Ears, Listening, Patience, Target, Wire } from './door.js'

class NetWire implements Wire {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }
}

/** Makes a socket of ours as patient as is wanted; it is connected. */
export function setPatience(
  socket: Socket,
  { idleTimeout, keepAlive, userTimeout }: Patience,
): void {
  if (userTimeout !== undefined) socket.setOption('userTimeout', userTimeout)
  if (keepAlive !== undefined) {
    const { delay, interval, count } = keepAlive
    socket.setKeepAlive(true, delay, interval, count)
  }
  if (idleTimeout === undefined) return
  socket.setTimeout(idleTimeout)
  // Before core's server of HTTP, which would destroy it without saying why.
  socket.prependListener('timeout', () => {
    socket.destroy(Object.assign(new Error('nothing moves'), { code: 'ERR_IDLE_TIMEOUT' }))
  })
}

function attach(socket: Socket, ears: Ears): Wire {
  const wire = new NetWire(socket)
  let error: NodeJS.ErrnoException | undefined
  socket.on('data', (chunk: Buffer) => ears.data(wire, chunk))
  socket.on('drain', () => ears.drain(wire))
  socket.on('end', () => ears.end(wire))
  socket.on('error', (reason: NodeJS.ErrnoException) => (error = reason))
  socket.on('close', () => ears.close(wire, error))
  return wire
}

/** `mio-js/net`, on an engine of its own. */
export class NetDoor implements Door {
  readonly engine = new Engine()

  async listen(host: string, ears: () => Ears, patience: Patience = {}): Promise<Listening> {
    const server = createServer({ engine: this.engine }, (socket) => {
      setPatience(socket, patience)
      const own = ears()
      own.open(attach(socket, own))
    })
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
    const { engine } = this
    const socket = connect({ ...to, noDelay: true, engine })
    const wire = attach(socket, ears)
    socket.once('connect', () => {
      setPatience(socket, patience)
      ears.open(wire)
    })
  }

  async close(): Promise<void> {
    await this.engine.close()
  }
}
