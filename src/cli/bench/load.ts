/** The client of `mio-js bench`: each connection sends a message when the one before has come back. */
import { Engine } from '../../engine/index.ts'

export interface Load {
  readonly connections: number
  /** Bytes of a message. */
  readonly size: number
  /** Seconds that are measured, and those before that are not. */
  readonly seconds: number
  readonly warmup: number
}

export interface Outcome<Clock> {
  readonly messages: number
  readonly seconds: number
  readonly before: Clock
  readonly after: Clock
}

const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000)
  })

/** Loads the server at a port. `ask` tells the server's clocks. */
export async function load<Clock>(
  port: number,
  { connections, seconds, size, warmup }: Load,
  ask: () => Promise<Clock>,
): Promise<Outcome<Clock>> {
  const message = Buffer.alloc(size, 'x')
  let messages = 0
  let failure: Error | undefined
  // Inline: a thread of the client's would take time from the server on a small machine.
  const engine = new Engine({ io: 'inline' })
  try {
    const opened = Array.from({ length: connections }, async () =>
      engine.connect({
        hostname: '127.0.0.1',
        port,
        borrow: true,
        data: () => ({ missing: size }),
        socket: {
          data(socket, { length }) {
            const state = socket.data
            state.missing -= length
            if (state.missing > 0) return
            state.missing += size
            messages += 1
            socket.write(message)
          },
          close: (_, error) => void (failure ??= error),
        },
      }),
    )
    for (const socket of await Promise.all(opened)) socket.write(message)
    await sleep(warmup)
    const [before, first, start] = [await ask(), messages, performance.now()]
    await sleep(seconds)
    const [after, last, end] = [await ask(), messages, performance.now()]
    if (failure !== undefined) throw failure
    return { messages: last - first, seconds: (end - start) / 1000, before, after }
  } finally {
    await engine.close()
  }
}
