import type { ConnectOptions } from './connector.ts'
import { onDemand } from './on-demand.ts'
import type { ListenOptions, Server } from './server.ts'
import type { Socket } from './socket.ts'

/** One for each thread, as each has modules of its own. Keeps nothing alive. */
const defaultEngine = onDemand()

/** {@link Engine.listen} of an engine that is made when it is needed first. */
export function listen<T = undefined>(options: ListenOptions<T>): Server {
  return defaultEngine().listen(options)
}

/** {@link Engine.connect} of an engine that is made when it is needed first. */
// oxlint-disable-next-line require-await: rejects instead of throwing
export async function connect<T = undefined>(options: ConnectOptions<T>): Promise<Socket<T>> {
  return defaultEngine().connect(options)
}
