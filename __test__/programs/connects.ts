/**
 * How connects end in a network that lacks something: `connects.js DOOR CASE`. Prints JSON.
 *
 * `ports`, where there are four to connect from: how ten connects to one server end, and ten more when
 * those have gone; and a hundred to one of the four ports, where nobody listens, and which the system
 * gives to every fourth of them to connect from. `route`, where none leads out: one connect.
 */
import { once } from 'node:events'
import core from 'node:net'
import { TcpListener, TcpStream } from 'mio-js'
import { Engine } from 'mio-js/engine'
import { connect as connectNet } from 'mio-js/net'
import { scaled } from '../support/scale.js'
import { until } from '../support/until.js'

const host = '127.0.0.1'
const own = 40_001

interface Connected {
  /** Resets, so that the port is free at once. */
  readonly end: () => Promise<void>
}

/** Rejects, or resolves when it is connected. */
type Connect = (to: string, port: number) => Promise<Connected>

async function byMirror(to: string, port: number): Promise<Connected> {
  const stream = TcpStream.connect(`${to}:${port}`)
  try {
    await until('it is connected', () => stream.finishConnect())
  } catch (error) {
    stream.close()
    throw error
  }
  const end = async (): Promise<void> => {
    stream.options.setLinger(0)
    stream.close()
    return Promise.resolve()
  }
  return { end }
}

function byEngine(): Connect {
  const engine = new Engine()
  return async (hostname, port) => {
    let closed = (): void => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const socket = await engine.connect({ hostname, port, socket: { close: () => closed() } })
    const end = async (): Promise<void> => {
      socket.terminate()
      return isClosed
    }
    return { end }
  }
}

async function byNet(dial: typeof core.connect, to: string, port: number): Promise<Connected> {
  const socket = dial(port, to)
  await once(socket, 'connect')
  const end = async (): Promise<void> => {
    const closed = once(socket, 'close')
    socket.resetAndDestroy()
    await closed
  }
  return { end }
}

const doors: Record<string, Connect> = {
  mirror: byMirror,
  engine: byEngine(),
  net: async (to, port) => byNet(connectNet as never, to, port),
  core: async (to, port) => byNet(core.connect, to, port),
}
const connect = doors[process.argv[2] ?? ''] as Connect

/** How it failed, if it did. */
async function codeOf(attempt: Promise<Connected>, open: Connected[]): Promise<string> {
  try {
    open.push(await attempt)
    return 'connected'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

async function round(port: number, count: number): Promise<string[]> {
  const open: Connected[] = []
  const outcomes: string[] = []
  for (let n = 0; n < count; n += 1) outcomes.push(await codeOf(connect(host, port), open))
  await Promise.all(open.map(async ({ end }) => end()))
  return outcomes
}

async function ports(): Promise<unknown> {
  const listener = TcpListener.bind(`${host}:7000`)
  const accepted: TcpStream[] = []
  const accepting = setInterval(() => listener.acceptAll((stream) => accepted.push(stream)), 1)
  const rounds = [await round(7000, 10), await round(7000, 10)]
  clearInterval(accepting)
  for (const source of [...accepted, listener]) source.close()
  const itself = new Set<string>()
  for (let n = 0; n < scaled(100, 20_000); n += 1)
    for (const outcome of await round(own, 1)) itself.add(outcome)
  return { rounds, itself: [...itself] }
}

const cases: Record<string, () => Promise<unknown>> = {
  ports,
  route: async () => codeOf(connect('203.0.113.1', 9), []),
}
process.stdout.write(JSON.stringify(await cases[process.argv[3] ?? '']?.()))
process.exit()
