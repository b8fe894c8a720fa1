/**
 * Forwards ports, as `ssh -L` does without the encryption: what comes to one goes to another host, and
 * back. Slow readers slow the senders down; each half of a connection ends when its sender ends it.
 *
 * usage: port-forwarder.js [HOST:]PORT=HOST:PORT …
 */
import process from 'node:process'
import { type Server, type Socket, connect, listen } from 'mio-js/engine'

/** Milliseconds that the other side has to accept. */
const PATIENCE = 10_000

/** One end of a forwarded connection, whose data is the other end. */
interface End {
  peer: Socket<End> | undefined
}

interface Forward {
  readonly host: string
  readonly port: number
  readonly target: { readonly hostname: string; readonly port: number }
}

/** What both ends do: each drives the other. */
const relay = {
  data({ data: { peer } }: Socket<End>, chunk: Buffer): void {
    // Paused until there is room again, so that no more than that waits here.
    if (peer !== undefined && !peer.write(chunk)) peer.data.peer?.pause()
  },
  drain({ data: { peer } }: Socket<End>): void {
    peer?.resume()
  },
  end({ data: { peer } }: Socket<End>): void {
    peer?.end()
  },
  close({ data }: Socket<End>, error: Error | undefined): void {
    const { peer } = data
    data.peer = undefined
    if (peer === undefined) return
    peer.data.peer = undefined
    // A reset goes on as a reset: an end would look as if all had come.
    if (error === undefined) peer.close()
    else peer.terminate()
  },
}

async function open(client: Socket<End>, { target }: Forward): Promise<void> {
  try {
    await connect<End>({
      ...target,
      timeout: PATIENCE,
      allowHalfOpen: true,
      data: () => ({ peer: client }),
      socket: {
        ...relay,
        open(upstream) {
          client.data.peer = upstream
          client.resume()
        },
      },
    })
  } catch (error) {
    console.error(`${target.hostname}:${target.port}: ${(error as Error).message}`)
    client.terminate()
  }
}

function forward(way: Forward): Server {
  const server = listen<End>({
    hostname: way.host,
    port: way.port,
    allowHalfOpen: true,
    // Nothing is read before there is somebody to send it to. A connect has its own time.
    paused: true,
    firstByteTimeout: 0,
    data: () => ({ peer: undefined }),
    socket: {
      ...relay,
      open: (client) => open(client, way),
    },
  })
  const { hostname, port } = way.target
  console.log(`listening on ${server.hostname}:${server.port}, for ${hostname}:${port}`)
  return server
}

function parse(text: string): Forward {
  const match = /^(?:(.+):)?(\d+)=(.+):(\d+)$/.exec(text)
  if (match === null) throw new Error(`${text} is not [HOST:]PORT=HOST:PORT`)
  const [, host = '127.0.0.1', port, hostname = '', to] = match
  return { host, port: Number(port), target: { hostname, port: Number(to) } }
}

const ways = process.argv.slice(2).map(parse)
if (ways.length === 0) {
  console.error('usage: port-forwarder.js [HOST:]PORT=HOST:PORT …')
  process.exit(2)
}
const servers = ways.map(forward)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const server of servers) server.closeNow()
  })
}
