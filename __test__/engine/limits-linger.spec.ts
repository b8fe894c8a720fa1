import '../support/census.js'
import { deafMeeting } from '../support/deaf-peer.js'
import { echo, meeting } from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

/** Much more than the systems of both ends buffer. */
const much = Buffer.alloc(32 * 2 ** 20, 'x')

underEachDriver('linger is the time for what is unsent, then it is a reset', async (t, make) => {
  const engine = make()
  const { peer, socket, closed } = await deafMeeting(t, engine, {
    linger: 100,
    maxPending: Infinity,
  })
  socket.write(much)
  const start = performance.now()
  socket.close()
  const { error } = await soon(closed)
  const time = performance.now() - start
  t.true(time >= 50, `${time} ms`)
  t.like(error, { code: 'ETIMEDOUT', syscall: 'write' })
  t.is(engine.stats().lingerTimeouts, 1)
  // A FIN would say that this is all there was.
  t.is(await peer.outcome(), 'ECONNRESET')
})

underEachDriver('a linger of 0 is at once', async (t, make) => {
  const engine = make()
  const { peer, socket, closed } = await deafMeeting(t, engine, { linger: 0, maxPending: Infinity })
  socket.write(much)
  const start = performance.now()
  socket.close()
  await soon(closed)
  t.true(performance.now() - start < 2000)
  t.is(await peer.outcome(), 'ECONNRESET')
})

underEachDriver('who reads in time gets everything, and a FIN', async (t, make) => {
  const { peer, socket, closed } = await meeting(t, make(), {
    linger: 10_000,
    maxPending: Infinity,
  })
  socket.write(much)
  socket.close()
  const text = await soon(peer.ended)
  t.is(text.length, much.length)
  peer.socket.end()
  t.is((await soon(closed)).error, undefined)
})

underEachDriver('a peer that has everything and stays is closed after linger', async (t, make) => {
  const engine = make()
  const { peer, socket, closed } = await meeting(t, engine, { linger: 100 })
  socket.write('all of it')
  socket.close()
  t.is(await soon(peer.ended), 'all of it')
  t.is((await soon(closed)).error, undefined)
  t.is(engine.stats().lingerTimeouts, 1)
})

underEachDriver('a linger of Infinity waits', async (t, make) => {
  const engine = make()
  const waiting = await meeting(t, engine, { linger: Infinity, socket: echo })
  let isClosed = false
  void waiting.closed.then(() => (isClosed = true))
  waiting.socket.close()
  await soon(waiting.peer.ended)
  const other = await meeting(t, engine, { linger: 100 })
  other.socket.close()
  await soon(other.closed)
  t.false(isClosed)
  waiting.peer.socket.end()
  await soon(waiting.closed)
  await until('both are gone', () => engine.stats().closed === 2)
  t.is(engine.stats().lingerTimeouts, 1)
})
