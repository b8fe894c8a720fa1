import type { ConnectOptions } from './connector.ts'
import { onDemand } from './on-demand.ts'
import type { ListenOptions, Server } from './server.ts'
import type { Socket } from './socket.ts'

/** One for each thread, as each has modules of its own. Keeps nothing alive. */
const defaultEngine = onDemand()

/**
 * {@link Engine.listen} of an engine that is made when it is needed first.
 *
 * @example
 * ```ts
 * import { listen } from 'mio-js/engine'
 *
 * const server = listen({
 *   hostname: '127.0.0.1',
 *   port: 0,
 *   socket: {
 *     data(socket, chunk) {
 *       if (!socket.write(chunk)) socket.pause() // until the peer has read
 *     },
 *     drain(socket) {
 *       socket.resume()
 *     },
 *   },
 * })
 * console.log(server.hostname, server.connections) // 127.0.0.1 0
 * await server.close()
 * ```
 */
export function listen<T = undefined>(options: ListenOptions<T>): Server {
  return defaultEngine().listen(options)
}

/**
 * {@link Engine.connect} of an engine that is made when it is needed first.
 *
 * @example
 * ```ts
 * import { connect, listen } from 'mio-js/engine'
 *
 * const server = listen({
 *   hostname: '127.0.0.1',
 *   socket: { open: (socket) => socket.end('hello') },
 * })
 * let done = (): void => {}
 * const closed = new Promise<void>((resolve) => (done = resolve))
 * const socket = await connect({
 *   hostname: '127.0.0.1',
 *   port: server.port,
 *   timeout: 5_000,
 *   socket: {
 *     data: (_socket, chunk) => console.log(chunk.toString()), // hello
 *     close: () => done(),
 *   },
 * })
 * console.log(socket.remotePort === server.port) // true
 * await closed
 * await server.close()
 * ```
 */
// oxlint-disable-next-line require-await: rejects instead of throwing
export async function connect<T = undefined>(options: ConnectOptions<T>): Promise<Socket<T>> {
  return defaultEngine().connect(options)
}
