/** Many small things: segments, connections, clients that trickle. Scaled to what a test may take. */
import type { ExecutionContext } from 'ava'
import { Shutdown, TcpStream } from 'mio-js'
import '../support/census.js'
import { Peer } from '../support/engine-peers.js'
import { peerAt, readToEnd, turn } from '../support/engine-sockets.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { scaled } from '../support/scale.js'
import { until } from '../support/until.js'

function memory(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Sends bytes in writes of their own, of which no more than a few can arrive as one chunk. */
async function sendOneByOne(peer: TcpStream, count: number, received: () => number): Promise<void> {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
  for (let sent = 0; sent < count; sent += 1) {
    // An I/O thread that the system does not let run would get all of them at once.
    if (sent % 5 === 0) await until('what was sent is received', () => received() === sent)
    peer.write(bytes, sent % 256, 1)
    await turn()
  }
}

underEachDriver(
  'kept chunks of one byte each cost little more than themselves',
  async (t, make) => {
    const count = scaled(20_000, 1_000_000)
    const chunks: Buffer[] = []
    let received = 0
    const ended = deferred()
    const server = make().listen({
      hostname: '127.0.0.1',
      socket: {
        data(_, chunk) {
          chunks.push(chunk)
          received += chunk.length
        },
        end: () => {
          ended.resolve()
        },
      },
    })
    const peer = await peerAt(t, server.port!)
    peer.setNodelay(true)
    const before = memory()
    await sendOneByOne(peer, count, () => received)
    peer.shutdown(Shutdown.Write)
    await soon(ended.promise, 'all of it arrives')
    const cost = (memory() - before - 2 ** 20) / chunks.length
    t.log(`${chunks.length} chunks, ${Math.round(cost)} bytes each`)
    t.is(received, count)
    t.true(chunks.length > count / 10, `${chunks.length} chunks`)
    t.true(cost < 700, `${cost} bytes for each of ${chunks.length} chunks`)
    let at = 0
    const isRight = chunks.every((chunk) => chunk.every((byte) => byte === at++ % 256))
    t.true(isRight, 'the bytes are in order')
  },
)

/** Connects, sends and closes at once; returns how many bytes the system took. */
function burst(port: number, bytes: Buffer): number {
  let stream: TcpStream | undefined
  try {
    stream = TcpStream.connect(`127.0.0.1:${port}`)
    return stream.finishConnect() ? (stream.write(bytes) ?? 0) : 0
  } catch (error) {
    // Tens of thousands use up the ports of one address.
    if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') return 0
    throw error
  } finally {
    stream?.close()
  }
}

underEachDriver('who sends and closes at once is heard: every byte', async (t, make) => {
  const count = scaled(3000, 50_000)
  const received = new Map<number, number>()
  let closed = 0
  let wrong = 0
  const server = make({ threads: 2 }).listen<{ chunks: Buffer[] }>({
    hostname: '127.0.0.1',
    backlog: 4096,
    data: () => ({ chunks: [] }),
    socket: {
      data: (socket, chunk) => socket.data.chunks.push(chunk),
      close(socket) {
        const bytes = Buffer.concat(socket.data.chunks)
        closed += 1
        if (bytes.length === 0) return
        const id = bytes.readUInt32LE(0)
        if (received.has(id)) wrong += 1
        if (bytes.subarray(4).some((byte) => byte !== id % 251)) wrong += 1
        received.set(id, bytes.length)
      },
    },
  })
  const sent = new Map<number, number>()
  for (let id = 0; id < count; id += 1) {
    const bytes = Buffer.alloc(4 + (id % 2000), id % 251)
    bytes.writeUInt32LE(id, 0)
    const length = burst(server.port!, bytes)
    if (length > 0) sent.set(id, length)
    // The queue of the system has its bounds.
    if (id % 50 === 49) await turn()
  }
  await until('all are closed', () => closed >= sent.size && server.connections === 0)
  t.true(sent.size > count / 2, `${sent.size} connections`)
  t.is(wrong, 0)
  const lost = [...sent].filter(([id, length]) => received.get(id) !== length)
  t.deepEqual(lost, [])
  t.is(received.size, sent.size)
})

async function trickle(t: ExecutionContext, peers: readonly TcpStream[]): Promise<void> {
  const byte = Buffer.from('x')
  let last = performance.now()
  const open = new Set(peers)
  await until('all who trickle are closed', async () => {
    if (performance.now() - last < 10) return false
    last = performance.now()
    for (const peer of open) {
      try {
        peer.write(byte)
        if (peer.read(Buffer.alloc(1)) === 0) open.delete(peer)
      } catch {
        open.delete(peer)
      }
    }
    return open.size === 0
  })
  t.is(open.size, 0)
}

underEachDriver('those who trickle are closed, and nobody else is', async (t, make) => {
  const errors = new Map<string | undefined, number>()
  const server = make({ threads: 2 }).listen({
    hostname: '127.0.0.1',
    idleTimeout: 150,
    firstByteTimeout: 100,
    socket: {
      data(socket, chunk) {
        if (chunk.length >= 64) socket.write(chunk)
      },
      close(_, error) {
        const { code } = (error ?? {}) as NodeJS.ErrnoException
        errors.set(code, (errors.get(code) ?? 0) + 1)
      },
    },
  })
  const good = await Peer.connect(t, server.port!)
  const work = { isOver: false }
  let echoes = 0
  const echoing = (async () => {
    for (; !work.isOver; echoes += 1) await good.echoes('g'.repeat(64))
  })()
  const trickling: TcpStream[] = []
  for (let n = 0; n < 100; n += 1) trickling.push(await peerAt(t, server.port!))
  const silent: TcpStream[] = []
  for (let n = 0; n < 50; n += 1) silent.push(await peerAt(t, server.port!))
  await trickle(t, trickling)
  for (const peer of silent) t.is((await readToEnd(peer)).length, 0)
  await until('they are all told', () => server.connections === 1)
  await until('the one that is well-behaved goes on', () => echoes > 10)
  work.isOver = true
  await echoing
  t.deepEqual(
    new Map([...errors].toSorted()),
    new Map([
      ['ERR_FIRST_BYTE_TIMEOUT', 50],
      ['ERR_IDLE_TIMEOUT', 100],
    ]),
  )
})
