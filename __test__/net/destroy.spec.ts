/** What was called back is on its way, whatever the program does with the socket then. */
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import type { TcpStream } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import type { Server, Socket } from 'mio-js/net'
import '../support/census.js'
import { expected, fill, mark } from '../support/called-back.js'
import { serving } from '../support/drop-in.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { peerAt, readToEnd, sameBytes, turns } from '../support/engine-sockets.js'
import { rejectsCode } from '../support/errors.js'

interface Full {
  readonly socket: Socket
  readonly server: Server
  readonly peer: TcpStream
  /** Bytes that were called back. */
  readonly called: number
  /** Resolves with whether there was an error when the socket is closed. */
  readonly closed: Promise<boolean>
}

/** A socket that can send nothing more, and its peer, which has read nothing. */
async function full(t: ExecutionContext, engine: Engine): Promise<Full> {
  const accepted = deferred<Socket>()
  const { server, port } = await serving(t, engine, { highWaterMark: mark }, (socket) => {
    accepted.resolve(socket)
  })
  const peer = await peerAt(t, port)
  const socket = await soon(accepted.promise)
  socket.on('error', (error) => t.fail(error.message))
  const closed = once(socket, 'close').then(([hadError]) => hadError as boolean)
  peer.options.setRecvBufferSize(32_768)
  return { socket, server, peer, called: await fill(socket), closed }
}

/** Asserts that the peer gets what was called back, and then a FIN. */
async function getsAll(t: ExecutionContext, { peer, called }: Full): Promise<void> {
  const received = await readToEnd(peer)
  t.true(received.length >= called, `${received.length} of ${called} bytes`)
  sameBytes(t, received, expected(received.length))
}

underEachDriver('what was called back reaches a peer that reads later', async (t, make) => {
  const engine = make()
  const connection = await full(t, engine)
  const { socket, server, called, closed } = connection
  let isClosed = false
  void closed.then(() => (isClosed = true))
  server.close()
  socket.destroy()
  t.true(socket.destroyed)
  // Servers do not wait for it.
  await soon(once(server, 'close'))
  await turns(50)
  t.false(isClosed)
  t.true(engine.stats().bytesWritten < called)
  await getsAll(t, connection)
  t.false(await soon(closed))
  t.is(engine.stats().lingerTimeouts, 0)
})

underEachDriver('it does so behind an end, a pause and a detach', async (t, make) => {
  for (const how of ['end', 'pause', 'detach'] as const) {
    const connection = await full(t, make())
    const { socket, closed } = connection
    const outcome = socket[how]()
    socket.destroy()
    await getsAll(t, connection)
    t.false(await soon(closed))
    if (how === 'detach') await t.throwsAsync(outcome as Promise<unknown>)
  }
})

underEachDriver('a write that destroys when it is called back is sent', async (t, make) => {
  const bytes = expected(800_000)
  const { port } = await serving(t, make(), { highWaterMark: mark }, (socket) => {
    socket.setOption('sendBufferSize', 32_768)
    socket.write(bytes, () => socket.destroy())
  })
  sameBytes(t, await readToEnd(await peerAt(t, port)), bytes)
})

underEachDriver('who does not read is not waited for longer than linger', async (t, make) => {
  const engine = make()
  const { socket, peer, closed } = await full(t, engine)
  socket.destroy()
  t.false(await soon(closed))
  t.is(engine.stats().lingerTimeouts, 1)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})

underEachDriver('a peer that resets is not waited for', async (t, make) => {
  const engine = make()
  const { socket, peer, closed } = await full(t, engine)
  socket.destroy()
  await turns(20)
  peer.options.setLinger(0)
  peer.close()
  t.false(await soon(closed))
  t.is(engine.stats().lingerTimeouts, 0)
})

underEachDriver('resetAndDestroy drops what was called back', async (t, make) => {
  const engine = make()
  const { socket, peer, closed } = await full(t, engine)
  socket.resetAndDestroy()
  t.false(await soon(closed))
  t.is(engine.stats().lingerTimeouts, 0)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})

underEachDriver('so does closing the engine, also afterwards', async (t, make) => {
  const engine = make()
  const { socket, peer, closed } = await full(t, engine)
  socket.destroy()
  await turns(20)
  await soon(engine.close())
  t.false(await soon(closed))
  t.is(engine.stats().lingerTimeouts, 0)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})
