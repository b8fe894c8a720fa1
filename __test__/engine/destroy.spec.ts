/** Sockets that are closed at once, without waiting and without a reset of our own making. */
import { once } from 'node:events'
import { Shutdown } from 'mio-js'
import { Engine } from 'mio-js/engine'
import '../support/census.js'
import {
  accepted,
  dial,
  linked,
  noise,
  readToEnd,
  sameBytes,
  turns,
} from '../support/engine-sockets.js'
import { drivers, listening, soon, underEachDriver } from '../support/engine.js'
import { rejectsCode } from '../support/errors.js'
import { linux } from '../support/platforms.js'
import { readExactly, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

const much = { maxPending: Infinity, linger: 1_000_000 }

underEachDriver('destroy sends what was written before, and a FIN', async (t, make) => {
  const engine = make()
  for (const length of [0, 5, 30_000]) {
    const bytes = noise(length)
    const { socket, peer, journal } = await accepted(t, engine)
    socket.write(bytes)
    socket.destroy()
    t.is(socket.readyState, 'closed')
    sameBytes(t, await readToEnd(peer), bytes)
    await journal.saw('close')
    t.is(journal.error, undefined)
    t.is(journal.story, 'open,close')
    t.is(socket.bufferedAmount, 0)
  }
  const { errors, pendingBytes } = engine.stats()
  t.deepEqual({ errors, pendingBytes }, { errors: 0, pendingBytes: 0 })
})

underEachDriver(
  'what the system does not take is dropped, and the peer reads on',
  async (t, make) => {
    const bytes = noise(20_000_000)
    const { socket, peer, journal } = await accepted(t, make(), {}, much)
    socket.write(bytes)
    socket.destroy()
    await journal.saw('close')
    t.is(journal.error, undefined)
    t.is(journal.story, 'open,close')
    t.is(socket.bufferedAmount, 0)
    const received = await readToEnd(peer)
    t.true(received.length < bytes.length)
    sameBytes(t, received, bytes.subarray(0, received.length))
  },
)

underEachDriver('destroy does not wait for who reads nothing, in any state', async (t, make) => {
  const engine = make()
  for (const how of ['close', 'end', 'pause', 'setTimeout'] as const) {
    const { socket, peer, journal } = await accepted(t, engine, {}, much)
    socket.write(noise(20_000_000))
    if (how === 'setTimeout') socket.setTimeout(1_000_000)
    else socket[how]()
    await readExactly(peer, 100)
    socket.destroy()
    await journal.saw('close')
    t.is(journal.error, undefined, how)
    t.is(journal.story, 'open,close')
    await readToEnd(peer)
  }
})

underEachDriver('a half-closed socket is destroyed', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {}, { allowHalfOpen: true })
  peer.shutdown(Shutdown.Write)
  await journal.saw('end')
  socket.write('bye')
  socket.destroy()
  t.is((await readToEnd(peer)).toString(), 'bye')
  await journal.saw('close')
  t.is(journal.story, 'open,end,close')
  t.is(journal.error, undefined)
})

underEachDriver('what waits for a paused socket is given up with it', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {
    data(self) {
      self.pause()
    },
  })
  await writeAll(peer, noise(300_000))
  await journal.saw('data')
  const { received } = journal
  socket.destroy()
  socket.resume()
  await journal.saw('close')
  t.is(journal.received, received)
  t.is(journal.error, undefined)
  t.is(journal.story, 'open,data,close')
})

underEachDriver('a failure that waits behind data is not told any more', async (t, make) => {
  const { accepted: journal, client } = await linked(make(), {
    data(self) {
      self.pause()
    },
  })
  const { socket } = journal
  client.socket.write('some')
  await journal.saw('data')
  client.socket.terminate()
  await client.saw('close')
  socket.write('into the void')
  await turns(20)
  socket.destroy()
  await journal.saw('close')
  t.is(journal.error, undefined)
  t.is(journal.story, 'open,data,close')
})

underEachDriver('destroy in a handler lets nothing else be called', async (t, make) => {
  const engine = make()
  const { socket, peer, journal } = await accepted(t, engine, {
    data(self) {
      self.write('answer')
      self.end()
      self.destroy()
      self.destroy()
      self.terminate()
      self.close()
    },
  })
  peer.write(Buffer.from('question'))
  t.is((await readToEnd(peer)).toString(), 'answer')
  await journal.saw('close')
  t.throws(() => socket.write('more'), { code: 'ERR_SOCKET_CLOSED' })
  socket.destroy()
  await turns(20)
  t.is(journal.story, 'open,data,close')
  t.is(journal.error, undefined)
})

underEachDriver('a detach in progress is rejected by destroy', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {}, much)
  socket.write(noise(20_000_000))
  const leaving = socket.detach()
  socket.destroy()
  await rejectsCode(t, 'ERR_SOCKET_CLOSED', leaving)
  await readToEnd(peer)
  t.is(journal.story, 'open')
})

underEachDriver('a client is destroyed as a socket of a server is', async (t, make) => {
  const chunks: Buffer[] = []
  let ended: Promise<unknown> | undefined
  const { port } = await listening(t, (socket) => {
    socket.on('data', (chunk) => chunks.push(chunk))
    ended = once(socket, 'end')
    socket.once('end', () => socket.end())
  })
  const client = await dial(make(), { port })
  client.socket.write('from a client')
  client.socket.destroy()
  await client.saw('close')
  t.is(client.story, 'open,close')
  await until('it has come', () => ended !== undefined)
  await soon(ended!)
  t.is(Buffer.concat(chunks).toString(), 'from a client')
})

for (const io of drivers) {
  // Other systems may end it instead.
  linux(`${io}: the system resets a socket that is destroyed with unread input`, async (t) => {
    const engine = new Engine({ io })
    try {
      const { socket, peer, journal } = await accepted(t, engine)
      socket.pause()
      await turns(20)
      peer.write(Buffer.from('nobody reads this'))
      socket.destroy()
      await journal.saw('close')
      t.is(journal.error, undefined)
      await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
    } finally {
      await engine.close()
    }
  })
}
