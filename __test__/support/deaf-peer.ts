import type { ExecutionContext } from 'ava'
import { TcpStream } from 'mio-js'
import type { Engine, ListenOptions, Socket } from 'mio-js/engine'
import { type Closed, watched } from './engine-peers.js'
import { soon } from './engine.js'
import { closing } from './sockets.js'
import { until } from './until.js'

/**
 * A peer that reads nothing until it is asked how the stream ends. Not one of Node's, which take a
 * reset behind data for an end.
 */
export class DeafPeer {
  readonly #stream: TcpStream

  private constructor(stream: TcpStream) {
    this.#stream = stream
  }

  static async connect(t: ExecutionContext, port: number): Promise<DeafPeer> {
    const stream = closing(t, TcpStream.connect(`127.0.0.1:${port}`))
    await until('it is connected', () => stream.finishConnect())
    return new DeafPeer(stream)
  }

  get port(): number {
    return this.#stream.localAddr().port
  }

  write(text: string): void {
    this.#stream.write(Buffer.from(text))
  }

  /** Reads everything: `FIN`, or the code of an error. */
  async outcome(): Promise<string> {
    const buffer = Buffer.alloc(65_536)
    let outcome = ''
    await until('the peer is told', () => {
      try {
        let count = this.#stream.read(buffer)
        while (count !== null && count > 0) count = this.#stream.read(buffer)
        if (count === 0) outcome = 'FIN'
      } catch (error) {
        outcome = (error as NodeJS.ErrnoException).code ?? String(error)
      }
      return outcome !== ''
    })
    return outcome
  }
}

/** A server with one connection, of a peer that does not read. */
export async function deafMeeting(
  t: ExecutionContext,
  engine: Engine,
  options: ListenOptions<unknown>,
): Promise<{ socket: Socket<unknown>; closed: Promise<Closed>; peer: DeafPeer }> {
  const { handlers, opened, closed } = watched(options.socket)
  const server = engine.listen({ hostname: '127.0.0.1', ...options, socket: handlers })
  const peer = await DeafPeer.connect(t, server.port ?? 0)
  return { socket: await soon(opened, 'the socket opens'), closed, peer }
}
