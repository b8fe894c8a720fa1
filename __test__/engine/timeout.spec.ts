import '../support/census.js'
import { accepted, dial, linked, readToEnd, serve } from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'

underEachDriver('timeout comes once for each time that nothing happens', async (t, make) => {
  const engine = make()
  const { client, accepted: other } = await linked(engine)
  const clock = (await linked(engine)).client
  const start = performance.now()
  t.is(client.socket.setTimeout(30), client.socket)
  await client.saw('timeout')
  t.true(performance.now() - start >= 30)
  // Several times as long as it took.
  clock.socket.setTimeout(100)
  await clock.saw('timeout')
  t.is(client.count('timeout'), 1)
  t.is(client.socket.readyState, 'open')

  // What is received, and what is sent, begins a new period.
  other.socket.write('x')
  await client.saw('timeout', 2)
  client.socket.write('y')
  await client.saw('timeout', 3)
  other.socket.write('z')
  await client.saw('timeout', 4)
  clock.socket.write('x')
  await clock.saw('timeout', 2)
  t.is(client.count('timeout'), 4)
  t.is(client.story, 'open,timeout,data,timeout,timeout,data,timeout')
  t.is(other.count('timeout'), 0)
})

underEachDriver('no timeout comes early', async (t, make) => {
  const { client } = await linked(make())
  const early: number[] = []
  for (let round = 1; round <= 100; round += 1) {
    // Anywhere between two beats of the engine's clock, of which the last timeout came with one.
    const until = performance.now() + ((round * 0.37) % 4)
    while (performance.now() < until);
    const begin = performance.now()
    client.socket.setTimeout(1 + (round % 5))
    await client.saw('timeout', round)
    const left = 1 + (round % 5) - (performance.now() - begin)
    if (left > 0) early.push(left)
  }
  t.deepEqual(early, [])
})

underEachDriver('what moves puts the timeout off', async (t, make) => {
  const engine = make()
  const { client, accepted: other } = await linked(engine, {
    data(socket, chunk) {
      socket.write(chunk)
    },
  })
  let last = performance.now()
  let longest = 0
  client.socket.setTimeout(300)
  other.socket.setTimeout(300)
  const start = performance.now()
  for (let n = 1; performance.now() - start < 500; n += 1) {
    client.socket.write('x')
    await client.has(n)
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  // Only a machine that stood still for so long may have one.
  if (longest < 250) t.is(client.count('timeout') + other.count('timeout'), 0)
  else t.pass()
})

underEachDriver('a timeout of 0 is none, and a new time replaces the old one', async (t, make) => {
  const engine = make()
  const { client, accepted: other } = await linked(engine)
  const clock = (await linked(engine)).client
  client.socket.setTimeout(30).setTimeout(0)
  other.socket.setTimeout(30).setTimeout(2 ** 31 - 1)
  clock.socket.setTimeout(60)
  await clock.saw('timeout')
  t.is(client.count('timeout') + other.count('timeout'), 0)
  other.socket.setTimeout(10)
  await other.saw('timeout')
  // One that has come is over: setting the time again begins anew.
  other.socket.setTimeout(10)
  await other.saw('timeout', 2)
  client.socket.setTimeout(0.1)
  await client.saw('timeout')
})

underEachDriver('the timeout handler may change the timeout', async (t, make) => {
  let left = 3
  const { socket, journal, peer } = await accepted(t, make(), {
    timeout(self) {
      left -= 1
      if (left > 0) self.setTimeout(5)
      else self.close()
    },
  })
  socket.setTimeout(5)
  t.is((await readToEnd(peer)).length, 0)
  peer.close()
  await journal.saw('close')
  t.is(journal.count('timeout'), 3)
  t.is(journal.error, undefined)
})

underEachDriver(
  'a paused, ended or half-open socket has its timeout, a closed one has not',
  async (t, make) => {
    const engine = make()
    const { port, opened } = serve(engine, {}, { allowHalfOpen: true })
    const client = await dial(engine, { port, allowHalfOpen: true })
    const other = await opened()
    client.socket.pause().setTimeout(10)
    await client.saw('timeout')
    client.socket.resume()
    client.socket.end()
    client.socket.setTimeout(10)
    await client.saw('timeout', 2)
    await other.saw('end')
    other.socket.setTimeout(10)
    await other.saw('timeout')
    other.socket.setTimeout(20)
    client.socket.setTimeout(20)
    other.socket.close()
    client.socket.close()
    await Promise.all([client.saw('close'), other.saw('close')])
    const clock = (await linked(engine)).client
    clock.socket.setTimeout(60)
    await clock.saw('timeout')
    t.is(client.story, 'open,timeout,timeout,close')
    t.is(other.story, 'open,end,timeout,close')
  },
)
