import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { type Socket, connect } from 'mio-js/net'
import { connectionOf } from '#src/engine/socket.js'
import { stateOf } from '#src/net/state.js'
import '../support/census.js'
import { serving } from '../support/drop-in.js'
import { type MakeEngine, soon, underEachDriver } from '../support/engine.js'

interface Held {
  readonly lane: number
  release(): void
}

/** Keeps back what the lane of a socket is told from now on. */
function hold(socket: Socket): Held {
  const { link } = stateOf(socket as never)
  if (link === undefined) throw new Error('There is no connection')
  const { index, out } = connectionOf(link).lane
  out.flush = () => {}
  return {
    lane: index,
    release() {
      delete (out as Partial<typeof out>).flush
      out.flush()
    },
  }
}

interface Reconnected {
  /** It has its second connection, and the lane of that is held. */
  readonly socket: Socket
  readonly first: Held
  readonly second: Held
  /** What the server has received. */
  arrived(): string
}

/** Destroys a socket and connects it again, before its first connection is closed. */
async function reconnected(
  t: ExecutionContext,
  make: MakeEngine,
  error?: Error,
): Promise<Reconnected> {
  const chunks: Buffer[] = []
  const { port } = await serving(t, make(), {}, (far) => {
    far.on('error', () => {}).on('data', (chunk) => chunks.push(chunk))
  })
  const options = {
    port,
    host: '127.0.0.1',
    engine: make({ threads: 2 }),
    writableHighWaterMark: 8,
  }
  const socket = connect(options)
  await soon(once(socket, 'connect'))
  const first = hold(socket)
  socket.on('error', () => {}).resume()
  socket.destroy(error)
  // Before that a stream does not know that it is destroyed.
  await setImmediate()
  await soon(new Promise<void>((resolve) => socket.connect(options, resolve)))
  const second = hold(socket)
  t.not(first.lane, second.lane)
  return { socket, first, second, arrived: () => Buffer.concat(chunks).toString() }
}

underEachDriver('a write is not answered by the close of a connection before', async (t, make) => {
  const { socket, first, second, arrived } = await reconnected(t, make)
  let isWritten = false
  const written = new Promise<void>((resolve) => {
    socket.write('more than the mark', () => {
      isWritten = true
      resolve()
    })
  })
  const closed = once(socket, 'close')
  first.release()
  await soon(closed)
  t.false(isWritten)
  second.release()
  await soon(written)
  socket.end()
  await soon(once(socket, 'close'))
  t.is(arrived(), 'more than the mark')
})

underEachDriver('the close of a connection before does not take the end away', async (t, make) => {
  const { socket, first, second, arrived } = await reconnected(t, make)
  const finished = once(socket, 'finish')
  const closed = once(socket, 'close')
  socket.end('few')
  first.release()
  await soon(closed)
  t.false(socket.writableFinished)
  const closedAgain = once(socket, 'close')
  second.release()
  await soon(finished)
  await soon(closedAgain)
  t.is(arrived(), 'few')
})

underEachDriver('each close tells how its own connection ended', async (t, make) => {
  const { socket, first, second } = await reconnected(t, make, new Error('the first'))
  socket.destroy()
  const closed = once(socket, 'close')
  first.release()
  t.deepEqual(await soon(closed), [true])
  second.release()
  t.deepEqual(await soon(once(socket, 'close')), [false])
})
