import type { ExecutionContext } from 'ava'
import { Shutdown } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
import {
  type Accepted,
  accepted,
  adopting,
  dial,
  linked,
  noise,
  readToEnd,
  sameBytes,
  sendLetters,
  spin,
  turn,
  turns,
} from '../support/engine-sockets.js'
import { listening, underEachDriver } from '../support/engine.js'
import { writeAll } from '../support/sockets.js'

/** A connection that was paused before anything was sent, and natively so. */
async function paused(t: ExecutionContext, engine: Engine): Promise<Accepted> {
  const connection = await accepted(t, engine)
  connection.socket.pause()
  await turn()
  return connection
}

underEachDriver(
  'a paused socket gets nothing until it goes on, and then all in order',
  async (t, make) => {
    const { socket, peer, journal } = await paused(t, make())
    const bytes = noise(60_000)
    await writeAll(peer, bytes)
    peer.shutdown(Shutdown.Write)
    await turns()
    t.is(journal.story, 'open')
    t.is(socket.resume(), socket)
    t.is(journal.story, 'open')
    await journal.saw('close')
    sameBytes(t, journal.bytes, bytes)
    t.is(journal.story, 'open,data,end,close')
  },
)

underEachDriver('pausing in the open handler is in time for the first bytes', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {
    open(self) {
      self.pause()
    },
  })
  peer.write(Buffer.from('abc'))
  await turns()
  t.is(journal.story, 'open')
  socket.resume()
  await journal.has(3)
  t.is(journal.story, 'open,data')
})

underEachDriver(
  'nothing more of a batch is delivered once the data handler has paused',
  async (t, make, driver) => {
    const engine = make()
    const { socket, peer, journal } = await accepted(t, engine, {
      data(self) {
        self.pause()
      },
    })
    sendLetters(engine, driver, peer, 'abcdef')
    await journal.saw('data')
    const first = journal.bytes.toString()
    await turns()
    t.is(journal.bytes.toString(), first)
    // The rest waits here, in the thread's case, and counts as read.
    if (driver === 'thread') {
      t.is(first, 'a')
      t.is(socket.bytesRead, 6)
      t.is(journal.story, 'open,data')
    }
    let expected = first.length
    while (journal.received < 6) {
      const { length } = journal.chunks
      socket.resume()
      t.is(journal.chunks.length, length, 'resume is never synchronous')
      await journal.until(() => journal.chunks.length > length)
      // One handler call for each resume, as each pauses again.
      t.is(journal.chunks.length, length + 1)
      expected += journal.chunks.at(-1)!.length
      await turns(20)
      t.is(journal.received, expected)
    }
    t.is(journal.bytes.toString(), 'abcdef')
    socket.resume()
    await journal.saw('close')
    t.is(journal.story, 'open,data,end,close')
  },
)

underEachDriver('several large chunks of one turn wait as well', async (t, make) => {
  let longest = 0
  const engine = make()
  const { client, accepted: other } = await linked(
    engine,
    {
      data(self) {
        self.pause()
        longest = Math.max(longest, self.bytesRead - self.data.received)
        setImmediate(() => self.resume())
      },
    },
    {},
    { maxPending: Infinity },
  )
  const bytes = noise(5_000_000)
  client.socket.write(bytes)
  client.socket.end()
  await other.has(bytes.length)
  sameBytes(t, other.bytes, bytes)
  await other.saw('close')
  t.is(other.story, 'open,data,end,close')
})

underEachDriver(
  'pausing and going on again in a handler changes nothing',
  async (t, make, driver) => {
    const engine = make()
    const { peer, journal } = await accepted(t, engine, {
      data(self) {
        for (let n = 0; n < 5; n += 1) self.pause().resume().resume()
        self.pause().pause().resume()
      },
      end(self) {
        self.pause()
      },
    })
    sendLetters(engine, driver, peer, 'abcdefgh')
    await journal.saw('close')
    t.is(journal.bytes.toString(), 'abcdefgh')
    t.is(journal.story, 'open,data,end,close')
  },
)

underEachDriver('what goes on and pauses again in the same turn gets nothing', async (t, make) => {
  const { socket, peer, journal } = await paused(t, make())
  peer.write(Buffer.from('abc'))
  peer.shutdown(Shutdown.Write)
  for (let n = 0; n < 20; n += 1) {
    socket.resume().pause()
    await turn()
  }
  t.is(journal.received, 0)
  t.is(journal.count('end'), 0)
  socket.resume()
  await journal.saw('close')
  t.is(journal.bytes.toString(), 'abc')
  t.is(journal.story, 'open,data,end,close')
})

underEachDriver('an end during the pause comes when the socket goes on', async (t, make) => {
  const { socket, peer, journal } = await paused(t, make())
  peer.shutdown(Shutdown.Write)
  await turns()
  t.is(journal.story, 'open')
  socket.resume()
  await journal.saw('close')
  t.is(journal.story, 'open,end,close')
})

underEachDriver('end and close wait behind data, and only behind data', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make(), {
    data(self) {
      self.pause()
      self.write('answer')
    },
  })
  socket.pause()
  await turn()
  peer.write(Buffer.from('x'))
  peer.shutdown(Shutdown.Write)
  // Read in one go, so that the end is here when the handler pauses.
  await turns(50)
  socket.resume()
  t.is((await readToEnd(peer)).toString(), 'answer')
  await journal.saw('close')
  t.is(journal.story, 'open,data,end,close')
})

underEachDriver(
  'a close that waits behind data is the last event all the same',
  async (t, make, driver) => {
    const engine = make()
    const { socket, peer, journal } = await accepted(t, engine, {
      data(self) {
        self.pause()
      },
    })
    socket.end()
    await readToEnd(peer)
    sendLetters(engine, driver, peer, 'abc')
    if (driver === 'thread') {
      // Before the pause can reach it, which would leave the end unread.
      spin('native code is through with it', () => engine.stats().closed === 1)
    }
    await journal.saw('data')
    await turns()
    if (driver === 'thread') {
      t.is(journal.story, 'open,data')
      t.is(socket.readyState, 'readOnly')
    }
    while (journal.received < 3) {
      const { length } = journal.chunks
      socket.resume()
      await journal.until(() => journal.chunks.length > length)
    }
    socket.resume()
    await journal.saw('close')
    t.is(journal.story, 'open,data,end,close')
  },
)

/** If all data was one chunk, the end had nothing to wait for. */
const story = {
  inline: /^open,data,(end,)?close$/,
  thread: /^open,data,close$/,
  auto: /^open,data,(end,)?close$/,
}

for (const how of ['close', 'terminate'] as const) {
  underEachDriver(`${how} gives up what waits for a paused socket`, async (t, make, driver) => {
    const engine = make()
    const { socket, peer, journal, server } = await accepted(t, engine, {
      data(self) {
        self.pause()
      },
    })
    sendLetters(engine, driver, peer, 'abc')
    await journal.saw('data')
    await turns(20)
    socket[how]()
    socket.resume()
    peer.close()
    await journal.saw('close')
    t.is(journal.chunks.length, 1)
    t.regex(journal.story, story[driver])
    await server.close()
  })
}

underEachDriver('a server closes although a socket keeps data waiting', async (t, make, driver) => {
  for (const what of ['server', 'engine']) {
    const engine = make()
    const { socket, peer, journal, server } = await accepted(t, engine, {
      data(self) {
        self.pause()
      },
    })
    sendLetters(engine, driver, peer, 'abc')
    socket.end()
    await journal.saw('data')
    await turns(20)
    if (what === 'server') server.closeNow()
    else await engine.close()
    await server.close()
    t.regex(journal.story, story[driver])
  }
})

underEachDriver('a pause slows the peer down', async (t, make) => {
  const bytes = noise(40_000_000)
  let isSent = false
  const { port } = await listening(t, (node) => {
    // If the test fails before it has all.
    node.on('error', () => {})
    node.end(bytes, () => {
      isSent = true
    })
  })
  const engine = make()
  let isPaused = false
  const client = await dial(
    engine,
    { port },
    {
      data(self) {
        if (isPaused || self.data.received < 1_000_000) return
        isPaused = true
        self.pause()
      },
    },
  )
  await client.until(() => isPaused)
  await turns(1000)
  // What one batch has, and the next one that was read meanwhile; not all there is.
  t.true(client.socket.bytesRead - client.received < 8 * 2 ** 20)
  t.true(engine.stats().bytesRead < 20_000_000)
  t.false(isSent)
  client.socket.resume()
  await client.saw('close')
  sameBytes(t, client.bytes, bytes)
})

underEachDriver('an adopted socket can be paused before it is open', async (t, make) => {
  const engine = make()
  const { socket, peer } = await accepted(t, engine)
  const { fd } = await socket.detach()
  peer.write(Buffer.from('def'))
  peer.shutdown(Shutdown.Write)
  const next = adopting(engine, fd, {}, { leftover: Buffer.from('abc') })
  next.socket.pause()
  await next.saw('open')
  await turns()
  t.is(next.story, 'open')
  next.socket.resume()
  await next.saw('close')
  t.is(next.bytes.toString(), 'abcdef')
  t.is(next.story, 'open,data,end,close')
})
