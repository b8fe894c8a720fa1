/**
 * What connects get in a network that has four ports for them: `few-ports.js DOOR`. Prints JSON: of
 * ten connects to one server, how many find a port and how the others fail; whether there are ports
 * again when those have gone; and how a hundred connects to one of the four ports end, where nobody
 * listens, and which the system gives to every fourth of them to connect from.
 */
import { once } from 'node:events'
import core, { type Socket as CoreSocket } from 'node:net'
import { TcpListener, TcpStream } from 'mio-js'
import { Engine } from 'mio-js/engine'
import { connect as connectNet } from 'mio-js/net'
import { until } from '../support/until.js'

const host = '127.0.0.1'
const own = 40_001

interface Connected {
  /** Resets, so that the port is free at once. */
  readonly end: () => Promise<void>
}

/** Rejects, or resolves when it is connected. */
type Connect = (port: number) => Promise<Connected>

async function byMirror(port: number): Promise<Connected> {
  const stream = TcpStream.connect(`${host}:${port}`)
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
  return async (port) => {
    let closed = (): void => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const socket = await engine.connect({ hostname: host, port, socket: { close: () => closed() } })
    const end = async (): Promise<void> => {
      socket.terminate()
      return isClosed
    }
    return { end }
  }
}

async function byNet(connect: (port: number, host: string) => CoreSocket, port: number) {
  const socket = connect(port, host)
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
  net: async (port) => byNet(connectNet as never, port),
  core: async (port) => byNet(core.connect, port),
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

const listener = TcpListener.bind(`${host}:7000`)
const accepted: TcpStream[] = []
const accepting = setInterval(() => listener.acceptAll((stream) => accepted.push(stream)), 1)

async function round(): Promise<string[]> {
  const open: Connected[] = []
  const outcomes: string[] = []
  for (let n = 0; n < 10; n += 1) outcomes.push(await codeOf(connect(7000), open))
  await Promise.all(open.map(async ({ end }) => end()))
  return outcomes
}

const rounds = [await round(), await round()]
clearInterval(accepting)
for (const stream of accepted) stream.close()
listener.close()

const itself = new Set<string>()
for (let n = 0; n < 100; n += 1) {
  const open: Connected[] = []
  itself.add(await codeOf(connect(own), open))
  await Promise.all(open.map(async ({ end }) => end()))
}
process.stdout.write(JSON.stringify({ rounds, itself: [...itself] }))
process.exit()
