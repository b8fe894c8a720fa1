import type { ExecutionContext } from 'ava'
import { Shutdown, type TcpStream } from 'mio-js'
import '../support/census.js'
import {
  type Accepted,
  type Journal,
  accepted,
  linked,
  noise,
  readToEnd,
  sameBytes,
  turn,
} from '../support/engine-sockets.js'
import { underEachDriver, underEachDriverWhere } from '../support/engine.js'
import { rejectsCode } from '../support/errors.js'
import { readExactly, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

/** Makes the peer's close a reset: there is something that it has not read. */
async function unread({ socket, peer }: Accepted): Promise<void> {
  socket.write('unread')
  await until('it is there', () => peer.peek(Buffer.alloc(6)) === 6)
}

/** Sends bytes and then RST, in one turn of the event loop. */
function sendAndReset(peer: TcpStream, bytes: Buffer): void {
  if (bytes.length > 0) peer.write(bytes)
  peer.close()
}

/** Asserts that a connection was lost, and how that was told. */
function wasReset(t: ExecutionContext, journal: Journal, story: RegExp): void {
  const { error } = journal
  t.is(error?.code, 'ECONNRESET')
  t.true(error instanceof Error)
  t.true(error!.errno! < 0)
  t.regex(error!.syscall!, /^(read|write)$/)
  t.is(error!.message, `${error!.syscall} ECONNRESET: connection reset by peer`)
  t.regex(journal.story, story)
  t.is(journal.count('close'), 1)
}

/** Tests of what arrived before a reset, and was not read by then. */
const whereBytesStay = underEachDriverWhere(
  process.platform !== 'win32',
  'Windows drops with a reset what was not read',
)

underEachDriver('terminate resets the peer, and closes without an error here', async (t, make) => {
  const { client, accepted: other } = await linked(make())
  client.socket.terminate()
  t.is(client.socket.readyState, 'closed')
  await Promise.all([client.saw('close'), other.saw('close')])
  wasReset(t, other, /^open,close$/)
  t.is(other.error!.syscall, 'read')
  t.is(client.error, undefined)
  t.is(client.story, 'open,close')
})

underEachDriver('terminate drops what is not sent', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {}, { maxPending: Infinity })
  socket.write(noise(20_000_000))
  socket.terminate()
  await journal.saw('close')
  t.is(journal.error, undefined)
  t.is(journal.story, 'open,close')
  t.is(socket.bufferedAmount, 0)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})

underEachDriver('terminate resets what closes, ends or is paused', async (t, make) => {
  const engine = make()
  for (const how of ['close', 'end', 'pause'] as const) {
    const { socket, peer, journal } = await accepted(t, engine, {}, { maxPending: Infinity })
    socket.write(noise(20_000_000))
    socket[how]()
    await readExactly(peer, 100)
    socket.terminate()
    await journal.saw('close')
    t.is(journal.error, undefined)
    await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
  }
})

underEachDriver('a reset comes as one close with the error', async (t, make) => {
  const connection = await accepted(t, make())
  await unread(connection)
  sendAndReset(connection.peer, Buffer.alloc(0))
  await connection.journal.saw('close')
  wasReset(t, connection.journal, /^open,close$/)
  t.is(connection.socket.readyState, 'closed')
})

whereBytesStay('what arrived before a reset comes before its close', async (t, make) => {
  const engine = make()
  for (const length of [1, 1000, 60_000]) {
    const bytes = noise(length)
    const connection = await accepted(t, engine)
    await unread(connection)
    sendAndReset(connection.peer, bytes)
    await connection.journal.saw('close')
    sameBytes(t, connection.journal.bytes, bytes)
    wasReset(t, connection.journal, /^open,data,close$/)
  }
})

whereBytesStay('a write that fails hides nothing that arrived', async (t, make) => {
  const engine = make()
  for (const length of [1, 30_000]) {
    const bytes = noise(1000)
    const connection = await accepted(t, engine)
    await unread(connection)
    sendAndReset(connection.peer, bytes)
    // Leaves before anything is read.
    t.is(connection.socket.write(noise(length)), true)
    await connection.journal.saw('close')
    sameBytes(t, connection.journal.bytes, bytes)
    wasReset(t, connection.journal, /^open,data,close$/)
    t.is(connection.socket.bufferedAmount, 0)
  }
})

whereBytesStay('a reset with much to write drops it and is told once', async (t, make) => {
  const engine = make()
  const connection = await accepted(t, engine, {}, { maxPending: Infinity })
  const { socket, peer, journal } = connection
  socket.write(noise(20_000_000))
  await until('some is there', () => peer.peek(Buffer.alloc(1)) === 1)
  const bytes = noise(1000)
  sendAndReset(peer, bytes)
  await journal.saw('close')
  sameBytes(t, journal.bytes, bytes)
  wasReset(t, journal, /^open,data,close$/)
  t.is(socket.bufferedAmount, 0)
  t.is(engine.stats().pendingBytes, 0)
})

underEachDriver('a reset after the peer’s end is an error, and told once', async (t, make) => {
  const connection = await accepted(t, make(), {}, { allowHalfOpen: true })
  const { socket, peer, journal } = connection
  await unread(connection)
  await writeAll(peer, Buffer.from('bye'))
  peer.shutdown(Shutdown.Write)
  await journal.saw('end')
  peer.close()
  // The system tells of a reset after an end only who tries.
  await until('it is noticed', () => {
    if (journal.count('close') === 0) socket.write('x')
    return journal.count('close') > 0
  })
  t.regex(journal.error!.code!, /^(ECONNRESET|EPIPE)$/)
  t.is(journal.story, 'open,data,end,close')
})

whereBytesStay(
  'a reset of a paused socket comes when it goes on, behind the data',
  async (t, make) => {
    const connection = await accepted(t, make())
    const { socket, peer, journal } = connection
    await unread(connection)
    socket.pause()
    await turn()
    const bytes = noise(1000)
    sendAndReset(peer, bytes)
    await turn()
    socket.resume()
    await journal.saw('close')
    sameBytes(t, journal.bytes, bytes)
    wasReset(t, journal, /^open,data,close$/)
  },
)

whereBytesStay(
  'a paused socket whose write fails keeps what arrived until it goes on',
  async (t, make) => {
    const connection = await accepted(t, make())
    const { socket, peer, journal } = connection
    await unread(connection)
    socket.pause()
    await turn()
    const bytes = noise(1000)
    sendAndReset(peer, bytes)
    socket.write('x')
    for (let n = 0; n < 100; n += 1) await turn()
    socket.resume()
    await journal.saw('close')
    sameBytes(t, journal.bytes, bytes)
    wasReset(t, journal, /^open,data,close$/)
  },
)

whereBytesStay('a socket that was ended hears of a reset', async (t, make) => {
  const connection = await accepted(t, make())
  const { socket, peer, journal } = connection
  await unread(connection)
  socket.end()
  const bytes = noise(100)
  sendAndReset(peer, bytes)
  await journal.saw('close')
  sameBytes(t, journal.bytes, bytes)
  wasReset(t, journal, /^open,data,close$/)
})

underEachDriver(
  'a socket that closes hears of a reset only if bytes were lost',
  async (t, make) => {
    const engine = make()
    const first = await accepted(t, engine)
    first.socket.write('unread')
    first.socket.close()
    // Both have left together.
    await until('it is there', () => first.peer.peek(Buffer.alloc(6)) === 6)
    sendAndReset(first.peer, noise(100))
    await first.journal.saw('close')
    t.is(first.journal.error, undefined)
    t.is(first.journal.story, 'open,close')

    const second = await accepted(t, engine, {}, { maxPending: Infinity })
    second.socket.write(noise(20_000_000))
    second.socket.close()
    await readExactly(second.peer, 1)
    sendAndReset(second.peer, Buffer.alloc(0))
    await second.journal.saw('close')
    wasReset(t, second.journal, /^open,close$/)
  },
)

whereBytesStay('many resets at once are each told once', async (t, make) => {
  const engine = make()
  const connections = await Promise.all(Array.from({ length: 50 }, async () => accepted(t, engine)))
  for (const connection of connections) await unread(connection)
  for (const [n, { peer }] of connections.entries()) sendAndReset(peer, noise(n + 1, n))
  for (const [n, { journal }] of connections.entries()) {
    await journal.saw('close')
    sameBytes(t, journal.bytes, noise(n + 1, n))
    wasReset(t, journal, /^open,data,close$/)
  }
  t.is(engine.stats().errors, 50)
})
