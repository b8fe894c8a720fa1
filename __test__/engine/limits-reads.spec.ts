import type { Socket } from 'mio-js/engine'
import '../support/census.js'
import { Peer, meeting } from '../support/engine-peers.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'

/** Bytes that tell where they are. */
const numbered = Buffer.alloc(400_000)
for (let at = 0; at < numbered.length; at += 4) numbered.writeUInt32LE(at, at)

for (const readBudget of [1, 1000, 65_536, Infinity]) {
  underEachDriver(`a budget of ${readBudget} loses nothing`, async (t, make) => {
    const engine = make()
    const chunks: Buffer[] = []
    const ended = deferred()
    const { peer } = await meeting(t, engine, {
      readBudget,
      socket: {
        data: (_, chunk) => {
          chunks.push(chunk)
        },
        end: () => {
          ended.resolve()
        },
      },
    })
    peer.socket.end(numbered)
    await soon(ended.promise)
    t.is(Buffer.concat(chunks).compare(numbered), 0)
    const { budgetHits } = engine.stats()
    if (readBudget === 1) t.true(budgetHits > 0)
    if (readBudget === Infinity) t.is(budgetHits, 0)
  })
}

underEachDriver('who sends much does not keep the others waiting', async (t, make) => {
  const engine = make()
  // In the order in which they were told.
  const order: Socket<unknown>[] = []
  const {
    peer: busy,
    server,
    socket,
  } = await meeting(t, engine, {
    readBudget: 65_536,
    socket: {
      data: (each, chunk) => {
        if (order.at(-1) !== each) order.push(each)
        if (chunk.length < 10) each.write(chunk)
      },
    },
  })
  const others: Peer[] = []
  for (let n = 0; n < 5; n += 1) others.push(await Peer.connect(t, server.port!))
  let isOver = false
  const flood = (): void => {
    // Whenever the system has taken the last of it.
    if (!isOver) busy.socket.write(numbered, flood)
  }
  flood()
  for (let round = 0; round < 20; round += 1) {
    for (const other of others) t.is(await other.echoes(), 'ping')
  }
  isOver = true
  t.true(order.filter((each) => each !== socket).length >= 100)
  t.true(socket.bytesRead > numbered.length, `${socket.bytesRead} bytes`)
})
