/** What can be done when nobody answers any more: each way to end, or to give up, by itself. */
import { once } from 'node:events'
import { type ConnectOptions, Engine, type Socket } from 'mio-js/engine'
import { Agent, type AgentOptions, request as requestOf } from 'mio-js/http'
import { type Socket as NetSocket, connect } from 'mio-js/net'
import type { Target } from './doors/index.js'

/** How a way ended: the code of its error, or the event that told of it. */
export interface Ending {
  readonly told: string
  /** Milliseconds. */
  readonly after: number
}

/** More than the systems of both ends buffer. */
const much = Buffer.alloc(16 * 2 ** 20, 'x')

async function timed(way: () => Promise<unknown>): Promise<Ending> {
  const begun = performance.now()
  const told = String(await way())
  return { told, after: performance.now() - begun }
}

const codeOf = (error: Error | undefined): string =>
  error === undefined ? 'closed' : ((error as NodeJS.ErrnoException).code ?? error.message)

/** An engine's socket, and what its `close` is told. */
interface Link {
  readonly socket: Socket
  readonly closed: Promise<string>
}

async function link(
  engine: Engine,
  { host: hostname, port }: Target,
  options: object,
): Promise<Link> {
  let resolve!: (told: string) => void
  const closed = new Promise<string>((told) => (resolve = told))
  const socket = await engine.connect({
    hostname,
    port,
    maxPending: Infinity,
    ...options,
    socket: {
      data() {},
      close: (_, error) => resolve(codeOf(error)),
    },
  })
  return { socket, closed }
}

async function stream(engine: Engine, to: Target): Promise<NetSocket> {
  const socket = connect({ ...to, engine })
  socket.resume()
  await once(socket, 'connect')
  return socket
}

async function closedNet(socket: NetSocket): Promise<string> {
  let code = 'closed'
  socket.on('error', (error: Error) => (code = codeOf(error)))
  await new Promise((resolve) => {
    socket.once('close', resolve)
  })
  return code
}

/** Writes until neither the system nor the engine takes more. */
async function fill(socket: NetSocket): Promise<void> {
  for (;;) {
    const written = new Promise((resolve) => {
      socket.write(much.subarray(0, 8_192), resolve)
    })
    const late = new Promise((resolve) => {
      setTimeout(resolve, 300, 'late')
    })
    if ((await Promise.race([written, late])) === 'late') return
  }
}

/** Connections that are there when the network fails, and end then, each in its way. */
export class Farewells {
  readonly #engine = new Engine()
  readonly #ways: Record<string, () => Promise<Ending>>

  private constructor(ways: (engine: Engine) => Record<string, () => Promise<Ending>>) {
    this.#ways = ways(this.#engine)
  }

  static async prepare(to: Target): Promise<Farewells> {
    const opened: { links: Link[]; streams: NetSocket[] } = { links: [], streams: [] }
    const farewells = new Farewells(() => waysOf(opened))
    const engine = farewells.#engine
    const impatient = { idleTimeout: 700 }
    for (const options of [{ linger: 700 }, { linger: 700 }, impatient, {}, {}, impatient]) {
      opened.links.push(await link(engine, to, options))
    }
    while (opened.streams.length < 3) opened.streams.push(await stream(engine, to))
    return farewells
  }

  async say(): Promise<Record<string, Ending>> {
    const entries = Object.entries(this.#ways).map(
      async ([name, way]) => [name, await way()] as const,
    )
    return Object.fromEntries(await Promise.all(entries))
  }

  async close(): Promise<void> {
    await this.#engine.close()
  }
}

function waysOf(opened: {
  links: Link[]
  streams: NetSocket[]
}): Record<string, () => Promise<Ending>> {
  const linked = (index: number, end: (socket: Socket) => unknown) => async () => {
    const { socket, closed } = opened.links[index]!
    return timed(async () => (await end(socket)) ?? closed)
  }
  const streamed = (index: number, end: (socket: NetSocket) => Promise<string>) => async () => {
    const socket = opened.streams[index]!
    await fill(socket)
    return timed(async () => end(socket))
  }
  return {
    'close, with bytes left': linked(0, (socket) => {
      socket.write(much)
      socket.close()
    }),
    'close, with all sent': linked(1, (socket) => {
      socket.write('x')
      socket.close()
    }),
    'end, with an idleTimeout': linked(2, (socket) => {
      socket.write(much)
      socket.end()
    }),
    terminate: linked(3, (socket) => {
      socket.write(much)
      socket.terminate()
    }),
    destroy: linked(4, (socket) => {
      socket.write(much)
      socket.destroy()
    }),
    // It sends first what was written.
    'detach, with an idleTimeout': linked(5, (socket) => {
      socket.write(much)
      return socket.detach().then(() => 'detached', codeOf)
    }),
    'net: destroy': streamed(0, async (socket) => closedNet(socket.destroy())),
    'net: resetAndDestroy': streamed(1, async (socket) => closedNet(socket.resetAndDestroy())),
    'net: setTimeout': streamed(2, async (socket) => {
      socket.setTimeout(700)
      await once(socket, 'timeout')
      socket.destroy()
      return 'timeout'
    }),
  }
}

/** Connects to where nobody answers, each with a patience of its own. */
export async function attempts(to: Target): Promise<Record<string, Ending>> {
  const engine = new Engine()
  const { host: hostname, port } = to
  const connecting = connect({ ...to, engine }).setTimeout(700)
  const request = requestOf({ ...to, agent: agentOf(engine), timeout: 700 })
  const refused = async (options: ConnectOptions<undefined>): Promise<string> => {
    const connected = engine.connect({ hostname, port, ...options })
    return connected.then(() => 'connected', codeOf)
  }
  const ways = {
    timeout: async () => refused({ timeout: 700 }),
    signal: async () => refused({ signal: AbortSignal.timeout(700) }),
    'net: setTimeout': async () => once(connecting, 'timeout').then(() => 'timeout'),
    'http: timeout': async () => {
      await once(request, 'timeout')
      const failed = once(request, 'error') as Promise<[Error]>
      request.destroy()
      return `timeout, ${codeOf((await failed)[0])}`
    },
  }
  const outcomes = Object.entries(ways).map(
    async ([name, way]) => [name, await timed(way)] as const,
  )
  const endings = Object.fromEntries(await Promise.all(outcomes))
  connecting.destroy()
  await engine.close()
  return endings
}

function agentOf(engine: Engine): Agent {
  return new Agent({ keepAlive: false, engine } as AgentOptions)
}

/** Connects to a name that has two addresses, of which the first does not answer. */
export async function nextAddress(first: string, second: string, port: number): Promise<Ending> {
  const engine = new Engine()
  const addresses = [
    { address: first, family: 4 },
    { address: second, family: 6 },
  ]
  const lookup = (_: string, __: object, found: (error: null, all: object[]) => void): void =>
    found(null, addresses)
  const socket = connect({ host: 'two.example', port, lookup: lookup as never, engine })
  const ending = await timed(async () => {
    await once(socket, 'connect')
    return socket.remoteAddress
  })
  const closed = once(socket, 'close')
  socket.resume().end()
  await closed
  await engine.close()
  return ending
}
