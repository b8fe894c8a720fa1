/**
 * Deals connections to workers, each to the one with the fewest: the main thread accepts and nothing
 * else, so that it never waits for what a worker computes. A worker that dies takes only its own
 * connections with it, and is replaced.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:7000, with WORKERS workers. Not on Windows, where sockets
 * of the engine have no descriptors to deal.
 */
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { Worker, isMainThread, parentPort, threadId } from 'node:worker_threads'
import { type SharedTcpStream, TcpStream } from 'mio-js'
import { Engine, type Socket, listen } from 'mio-js/engine'

interface Member {
  readonly worker: Worker
  /** Dealt and not over. */
  connections: number
  /** On their way: taken back if the worker ends before it has them. */
  readonly sent: Set<SharedTcpStream>
}

function balance(): void {
  const {
    HOST = '127.0.0.1',
    PORT = '7000',
    WORKERS = String(availableParallelism()),
  } = process.env
  const members: Member[] = []
  let isStopping = false

  function start(): void {
    const worker = new Worker(new URL(import.meta.url))
    const member: Member = { worker, connections: 0, sent: new Set() }
    members.push(member)
    worker.on('message', ({ taken, over }: { taken?: number; over?: true }) => {
      if (over === true) member.connections -= 1
      for (const shared of member.sent) if (shared.source === taken) member.sent.delete(shared)
    })
    worker.on('error', (error) => console.error(error.message))
    worker.on('exit', () => {
      members.splice(members.indexOf(member), 1)
      if (!isStopping) start()
      for (const shared of member.sent) takeBack(shared)
    })
  }

  function takeBack(shared: SharedTcpStream): void {
    try {
      const stream = TcpStream.from(shared)
      if (isStopping) stream.close()
      else give(stream)
    } catch {
      // The worker had it already, and it went with the worker.
    }
  }

  function give(stream: TcpStream): void {
    const [first, ...others] = members
    if (first === undefined) return
    const least = others.reduce((a, b) => (b.connections < a.connections ? b : a), first)
    const shared = stream.share()
    least.connections += 1
    least.sent.add(shared)
    least.worker.postMessage(shared)
  }

  async function deal(socket: Socket): Promise<void> {
    try {
      const { fd } = await socket.detach()
      give(TcpStream.fromRawFd(fd))
    } catch (error) {
      console.error(`a connection was lost: ${(error as Error).message}`)
    }
  }

  for (let n = 0; n < Number(WORKERS); n += 1) start()
  // Paused: what a client sends is read by its worker alone.
  const server = listen({
    hostname: HOST,
    port: Number(PORT),
    paused: true,
    socket: { open: deal },
  })
  console.log(`listening on ${server.hostname}:${server.port}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isStopping = true
      void server.close()
      for (const { worker } of members) worker.postMessage(null)
    })
  }
}

/** What a worker serves: it greets, and echoes. */
function serve(): void {
  const engine = new Engine()
  const socket = {
    data(self: Socket, chunk: Buffer): void {
      if (!self.write(chunk)) self.pause()
    },
    drain: (self: Socket) => self.resume(),
    close: () => parentPort?.postMessage({ over: true }),
  }
  parentPort?.on('message', (shared: SharedTcpStream | null) => {
    // Its connections keep the thread alive until they end.
    if (shared === null) {
      parentPort?.unref()
      return
    }
    const adopted = engine.adopt(TcpStream.from(shared).intoRawFd(), { socket })
    adopted.write(`worker ${threadId}\n`)
    parentPort?.postMessage({ taken: shared.source })
  })
}

if (isMainThread) balance()
else serve()
