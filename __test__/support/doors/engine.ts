import { Engine, type Handlers, type Socket } from 'mio-js/engine'
import type { Door, Ears, Listening, Patience, Target, Wire } from './door.js'

/** The engine's socket as a wire: one object for each. */
class EngineWire implements Wire {
  readonly #socket: Socket<unknown>

  constructor(socket: Socket<unknown>) {
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
    this.#socket.terminate()
  }
}

interface Held {
  readonly ears: Ears
  wire?: Wire
}

const handlers: Handlers<Held> = {
  open(socket) {
    const wire = new EngineWire(socket as unknown as Socket<unknown>)
    socket.data.wire = wire
    socket.data.ears.open(wire)
  },
  data: ({ data: { ears, wire } }, chunk) => ears.data(wire!, chunk),
  drain: ({ data: { ears, wire } }) => ears.drain(wire!),
  end: ({ data: { ears, wire } }) => ears.end(wire!),
  close: ({ data: { ears, wire } }, error) => ears.close(wire!, error),
}

/** `mio-js/engine`, by one of its drivers. */
export class EngineDoor implements Door {
  readonly engine: Engine

  constructor(io: 'inline' | 'thread' | 'auto') {
    this.engine = new Engine({ io })
  }

  async listen(host: string, ears: () => Ears, patience: Patience = {}): Promise<Listening> {
    const server = this.engine.listen<Held>({
      hostname: host,
      maxConnections: Infinity,
      ...optionsOf(patience),
      data: () => ({ ears: ears() }),
      socket: handlers,
    })
    return { port: server.port!, close: async () => server.stop() }
  }

  connect(to: Target, ears: Ears, patience: Patience = {}): void {
    const socket = this.engine.connect<Held>({
      hostname: to.host,
      port: to.port,
      ...optionsOf(patience),
      data: () => ({ ears }),
      socket: handlers,
    })
    socket.catch((error: NodeJS.ErrnoException) => ears.close(nowhere, error))
  }

  async close(): Promise<void> {
    await this.engine.close()
  }
}

/** The end of a connection that has never been. */
export const nowhere: Wire = {
  write: () => false,
  end() {},
  pause() {},
  resume() {},
  reset() {},
}

function optionsOf({ idleTimeout = 0, keepAlive, userTimeout }: Patience): object {
  return {
    idleTimeout,
    firstByteTimeout: 0,
    ...(keepAlive === undefined ? {} : { keepAlive }),
    ...(userTimeout === undefined ? {} : { options: { userTimeout } }),
  }
}
