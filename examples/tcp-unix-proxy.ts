/**
 * A proxy between TCP and a Unix socket. Its arguments are where it listens and where it connects to,
 * each `ip:port` or a path, which has a slash:
 * `tcp-unix-proxy 127.0.0.1:7000 /run/redis.sock`. SIGINT and SIGTERM stop it.
 */
import { unlinkSync } from 'node:fs'
import { Events, Interest, Poll, Shutdown, Token } from 'mio-js'
import { TcpListener, TcpStream, UnixListener, UnixStream } from 'mio-js'

type Stream = TcpStream | UnixStream

const BOTH = Interest.READABLE.add(Interest.WRITABLE)
/** So many reads of one connection, then others have their turn. */
const READS_PER_TURN = 16

/** What one side sends to the other: at most one buffer of it is on its way. */
class Direction {
  isOver = false
  readonly #bytes = Buffer.allocUnsafe(32 * 1024)
  #start = 0
  #end = 0
  #isLast = false
  constructor(
    readonly from: Stream,
    readonly to: Stream,
  ) {}

  /**
   * Moves bytes until one side would block, of which an event tells then: who does not read is not
   * read for, and the system makes the sender wait. True if there may be more at once.
   */
  move(): boolean {
    for (let reads = 0; reads < READS_PER_TURN && !this.isOver; reads += 1) {
      while (this.#start < this.#end) {
        const count = this.to.write(this.#bytes, this.#start, this.#end - this.#start)
        if (count === null) return false
        this.#start += count
      }
      if (this.#isLast) {
        this.isOver = true
        this.to.shutdown(Shutdown.Write) // the other direction goes on
        return false
      }
      const count = this.from.read(this.#bytes)
      if (count === null) return false
      this.#isLast = count === 0
      ;[this.#start, this.#end] = [0, count]
    }
    return !this.isOver
  }
}

const [, , here = '127.0.0.1:7000', there = '/run/redis/redis.sock'] = process.argv
const isPath = (address: string): boolean => address.includes('/')
const server = isPath(here) ? UnixListener.bind(here) : TcpListener.bind(here)
const poll = new Poll()
const connections = new Map<Token, Direction[]>()
/** Connections whose turn ended before would-block: no event is owed for them. */
const unfinished = new Set<Token>()
let nextToken = 1

function accept(): void {
  for (;;) {
    const token = Token(nextToken++)
    let client: Stream | undefined
    try {
      client = server.accept()?.[0]
      if (client === undefined) return
      const target = isPath(there) ? UnixStream.connect(there) : TcpStream.connect(there)
      connections.set(token, [new Direction(client, target), new Direction(target, client)])
      for (const stream of [client, target]) poll.registry.register(stream, token, BOTH)
    } catch (error) {
      console.log((error as Error).message)
      // No room here: clients stay queued, and no new event comes for them.
      if (client === undefined) return void setTimeout(accept, 100).unref()
      client.close() // the target is not there, or its queue is full
      close(token)
    }
  }
}

function close(token: Token): void {
  for (const { from } of connections.get(token) ?? []) from.close()
  connections.delete(token)
  unfinished.delete(token)
}

function move(token: Token): void {
  const directions = connections.get(token) ?? []
  unfinished.delete(token)
  try {
    // Nothing can be moved before the target is connected.
    if (directions[0]?.to.finishConnect() !== true) return
    if (directions.map((direction) => direction.move()).includes(true)) unfinished.add(token)
    if (directions.every(({ isOver }) => isOver)) close(token)
  } catch (error) {
    console.log((error as Error).message) // one side is gone, and so is the connection
    close(token)
  }
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
poll.registry.register(server, Token(0), Interest.READABLE)
console.log(`listening on ${server.localAddr()}`)
const events = Events.withCapacity(256)
while (!stop.signal.aborted) {
  const timeout = unfinished.size > 0 ? 0 : null
  await poll.pollAsync(events, { timeout, signal: stop.signal }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ABORT_ERR') throw error
    events.clear()
  })
  const ready = new Set([...unfinished, ...Array.from(events, ({ token }) => token)])
  if (ready.delete(Token(0))) accept()
  for (const token of ready) move(token)
}
for (const token of connections.keys()) close(token)
for (const thing of [server, poll]) thing.close()
if (isPath(here)) unlinkSync(here)
