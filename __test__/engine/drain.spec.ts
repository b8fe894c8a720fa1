import '../support/census.js'
import {
  type Accepted,
  accepted,
  linked,
  noise,
  readToEnd,
  sameBytes,
} from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { readExactly } from '../support/sockets.js'
import { until } from '../support/until.js'

/** Ends the connection, and returns what the peer had not read. Nothing can come any more then. */
async function ended({ socket, peer, journal }: Accepted): Promise<Buffer> {
  socket.end()
  const rest = await readToEnd(peer)
  peer.close()
  await journal.saw('close')
  return rest
}

underEachDriver('write returns false above highWaterMark, and not at it', async (t, make) => {
  const connection = await accepted(t, make(), {}, { highWaterMark: 100 })
  const { socket, journal } = connection
  t.true(socket.write(noise(60)))
  t.true(socket.write('x'.repeat(40)))
  t.is(socket.bufferedAmount, 100)
  t.true(socket.write(''))
  t.false(socket.write('x'))
  t.false(socket.write(''))
  t.is(socket.bufferedAmount, 101)
  await journal.saw('drain')
  t.is(socket.bufferedAmount, 0)
  t.is(socket.bytesWritten, 101)
  t.true(socket.write(noise(100)))
  await until('nothing is buffered', () => socket.bufferedAmount === 0)
  t.is((await ended(connection)).length, 201)
  t.is(journal.story, 'open,drain,end,close')
})

underEachDriver('drain comes once for each time that there was too much', async (t, make) => {
  const drained: number[] = []
  const { socket, journal, peer } = await accepted(
    t,
    make(),
    { drain: ({ bufferedAmount }) => drained.push(bufferedAmount) },
    { highWaterMark: 10 },
  )
  for (let round = 1; round <= 5; round += 1) {
    for (let n = 0; n < 10; n += 1) t.is(socket.write('four'), n < 2)
    await journal.saw('drain', round)
    await readExactly(peer, 40)
    t.is(journal.count('drain'), round)
  }
  t.deepEqual(drained, [0, 0, 0, 0, 0])
})

underEachDriver('a highWaterMark of 0 is above with any byte, Infinity never', async (t, make) => {
  const none = await accepted(t, make(), {}, { highWaterMark: 0 })
  t.true(none.socket.write(''))
  t.false(none.socket.write('x'))
  await none.journal.saw('drain')
  const all = await accepted(t, make(), {}, { highWaterMark: Infinity, maxPending: Infinity })
  const bytes = noise(5_000_000)
  t.true(all.socket.write(bytes))
  t.is(all.socket.tryWrite(bytes), bytes.length)
  sameBytes(t, await ended(all), Buffer.concat([bytes, bytes]))
  t.is(all.journal.story, 'open,end,close')
})

underEachDriver('without too much there is no drain', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {
    data(socket, chunk) {
      socket.write(chunk)
    },
  })
  for (let n = 1; n <= 100; n += 1) {
    t.true(client.socket.write(noise(100)))
    await client.has(n * 100)
  }
  client.socket.close()
  await Promise.all([client.saw('close'), other.saw('close')])
  t.is(client.story, 'open,data,close')
  t.is(other.story, 'open,data,end,close')
})

underEachDriver(
  'tryWrite takes what fits below the mark, and drain comes for the rest',
  async (t, make) => {
    const connection = await accepted(t, make(), {}, { highWaterMark: 50_000 })
    const { socket, journal } = connection
    const bytes = noise(80_000)
    t.is(socket.tryWrite(bytes.subarray(0, 100)), 100)
    t.is(socket.tryWrite(bytes.subarray(100, 20_000)), 19_900)
    t.is(socket.tryWrite(bytes.subarray(20_000)), 30_000)
    t.is(socket.bufferedAmount, 50_000)
    t.is(socket.tryWrite(bytes.subarray(50_000)), 0)
    t.is(socket.tryWrite(Buffer.alloc(0)), 0)
    t.is(socket.bytesWritten, 50_000)
    await journal.saw('drain')
    t.is(socket.tryWrite(bytes.subarray(50_000)), 30_000)
    sameBytes(t, await ended(connection), bytes)
    t.is(journal.story, 'open,drain,end,close')
  },
)

underEachDriver('tryWrite owes no drain for what it took', async (t, make) => {
  const connection = await accepted(t, make(), {}, { highWaterMark: 100 })
  const { socket, journal } = connection
  t.is(socket.tryWrite(noise(100)), 100)
  t.is(socket.tryWrite(Buffer.alloc(0)), 0)
  await until('nothing is buffered', () => socket.bufferedAmount === 0)
  t.is(socket.tryWrite(noise(100)), 100)
  t.is((await ended(connection)).length, 200)
  t.is(journal.story, 'open,end,close')
})

underEachDriver('write and tryWrite above the mark owe one drain together', async (t, make) => {
  const connection = await accepted(t, make(), {}, { highWaterMark: 100 })
  const { socket, journal } = connection
  t.is(socket.tryWrite(noise(200)), 100)
  t.false(socket.write(noise(50)))
  // Already above: nothing fits, and what fits is never less than nothing.
  t.is(socket.tryWrite(noise(200)), 0)
  t.is(socket.bufferedAmount, 150)
  t.is((await ended(connection)).length, 150)
  t.is(journal.story, 'open,drain,end,close')
})

underEachDriver('the numbers of a socket count what was written and read', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {
    data(socket, chunk) {
      socket.write(chunk)
    },
  })
  const { socket } = client
  t.deepEqual([socket.bytesRead, socket.bytesWritten, socket.bufferedAmount], [0, 0, 0])
  socket.write('äöü')
  t.deepEqual([socket.bytesRead, socket.bytesWritten, socket.bufferedAmount], [0, 6, 6])
  socket.write(noise(50_000))
  t.deepEqual([socket.bytesRead, socket.bytesWritten, socket.bufferedAmount], [0, 50_006, 50_006])
  await client.has(50_006)
  for (const each of [socket, other.socket]) {
    await until('nothing is buffered', () => each.bufferedAmount === 0)
    t.deepEqual([each.bytesRead, each.bytesWritten], [50_006, 50_006])
  }
  socket.close()
  await other.saw('close')
  await client.saw('close')
  for (const each of [socket, other.socket]) {
    t.deepEqual([each.bytesRead, each.bytesWritten, each.bufferedAmount], [50_006, 50_006, 0])
  }
})

/** Round trips, which take a thread longer. */
const depth = { inline: 100_000, thread: 20_000, auto: 20_000 }

underEachDriver('writing in the drain handler never fills the stack', async (t, make, driver) => {
  let left = depth[driver]
  const { socket, journal, peer } = await accepted(
    t,
    make(),
    {
      drain(self) {
        left -= 1
        if (left > 0) self.write('x')
        else self.end()
      },
    },
    { highWaterMark: 0 },
  )
  socket.write('x')
  t.is((await readToEnd(peer)).length, depth[driver])
  t.is(journal.count('drain'), depth[driver])
})

underEachDriver(
  'a peer that never reads costs a polite writer the mark and a write',
  async (t, make) => {
    const engine = make()
    const { socket, journal, peer } = await accepted(t, engine)
    const block = noise(16 * 1024)
    let most = 0
    const fill = async (): Promise<void> => {
      for (;;) {
        const before = socket.bufferedAmount
        while (socket.write(block));
        most = Math.max(most, socket.bufferedAmount)
        // Goes on as long as the system takes something at all.
        const drains = journal.count('drain')
        let turns = 0
        await until('it drains, or nothing moves', () => {
          turns = socket.bufferedAmount < before ? 0 : turns + 1
          return journal.count('drain') > drains || turns > 2000
        })
        if (journal.count('drain') === drains) return
      }
    }
    await fill()
    t.true(most <= 64 * 1024 + block.length, `${most}`)
    t.true(engine.stats().pendingBytes <= most)
    const drains = journal.count('drain')
    const reading = readToEnd(peer)
    await journal.saw('drain', drains + 1)
    socket.end()
    t.is((await reading).length, socket.bytesWritten)
    t.is(journal.count('drain'), drains + 1)
  },
)

underEachDriver('a drain is asked for without too much being buffered', async (t, make) => {
  const connection = await accepted(t, make())
  const { socket, journal } = connection
  t.true(socket.flushed())
  socket.write('little')
  t.false(socket.flushed())
  t.false(socket.flushed())
  await journal.saw('drain')
  t.true(socket.flushed())
  // What is asked for behind the end comes before the close.
  socket.end('last')
  t.false(socket.flushed())
  await journal.saw('drain', 2)
  t.is((await ended(connection)).toString(), 'littlelast')
  t.is(journal.story, 'open,drain,drain,end,close')
})
