import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { ServerStats } from 'mio-js/engine'
import '../support/census.js'
import { Peer } from '../support/engine-peers.js'
import { deferred, drivers, listening, soon } from '../support/engine.js'
import { long } from '../support/patience.js'
import { unix } from '../support/platforms.js'
import { until } from '../support/until.js'

interface Answer extends ServerStats {
  value?: number
  connections: number
  port: number
}

/** A process with 64 descriptors, and the server in it. */
class Poor {
  readonly #child: ChildProcess

  constructor(t: ExecutionContext, options: object) {
    const program = fileURLToPath(new URL('../programs/engine-descriptors.js', import.meta.url))
    const command = 'ulimit -n 64; exec "$@"'
    const args = ['-c', command, 'sh', process.execPath, program, JSON.stringify(options)]
    this.#child = spawn('sh', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    t.teardown(() => this.#child.kill())
  }

  async ask(what: string, port?: number): Promise<Answer> {
    const answered = once(this.#child, 'message')
    this.#child.send({ what, port })
    const [answer] = (await soon(answered, `the answer to ${what}`)) as [Answer]
    return answer
  }

  async end(): Promise<unknown> {
    const exited = once(this.#child, 'exit')
    this.#child.send({ what: 'end' })
    return soon(exited, 'the process exits')
  }
}

/** How a peer is treated. */
async function fate(peer: Peer): Promise<'served' | 'closed'> {
  peer.write('?')
  const served = once(peer.socket, 'data').then(() => 'served' as const)
  const closed = Promise.race([peer.ended, peer.closed]).then(() => 'closed' as const)
  return soon(Promise.race([served.catch(() => closed), closed]), 'a peer is served or closed')
}

for (const io of drivers) {
  unix(
    `${io}: without descriptors clients are turned away, and those who are there served`,
    async (t) => {
      const server = new Poor(t, { io, maxConnections: 1_000_000 })
      const { port } = await server.ask('count')
      const first = [await Peer.connect(t, port), await Peer.connect(t, port)]
      for (const peer of first) t.is(await peer.echoes(), 'ping')

      const crowd: Peer[] = []
      while (crowd.length < 150) {
        const some = Array.from({ length: 30 }, async () => Peer.connect(t, port))
        crowd.push(...(await Promise.all(some)))
      }
      const fates = await Promise.all(crowd.map(fate))
      const served = crowd.filter((_, n) => fates[n] === 'served')
      const closed = crowd.length - served.length
      t.true(served.length > 5 && closed > 80, `${served.length} served, ${closed} closed`)
      for (const peer of [...first, ...served]) t.is(await peer.echoes(), 'ping')
      const full = await server.ask('measure')
      t.like(full, { shed: closed, open: served.length + 2, dropped: 0, acceptErrors: 0 })
      t.true(full.value! < long(15_000), `${full.value} µs of 300,000`)

      // As soon as there is room it goes on.
      for (const peer of served) peer.socket.end()
      await Promise.all(served.map(async (peer) => soon(peer.closed)))
      const late = await Peer.connect(t, port)
      t.is(await late.echoes('late'), 'late')
      t.is(await first[0]!.echoes(), 'ping')
      t.deepEqual(await server.end(), [0, null])
    },
  )

  unix(
    `${io}: without a spare descriptor clients wait, and are served when there is one`,
    async (t) => {
      const server = new Poor(t, { io })
      const { port } = await server.ask('count')
      const met = deferred<Peer>()
      const { port: here } = await listening(t, (socket) => {
        met.resolve(new Peer(t, socket))
      })
      await server.ask('connect', here)
      const friend = await soon(met.promise)
      t.is((await server.ask('hoard')).value, -24)
      const waiting = await Promise.all(
        Array.from({ length: 5 }, async () => Peer.connect(t, port)),
      )
      for (const peer of waiting) peer.write('patience')
      await until('it has noticed', async () => (await server.ask('count')).backoffs > 0)
      const { backoffs, value } = await server.ask('measure')
      t.true(value! < long(15_000), `${value} µs of 300,000`)
      // Tried again about each 100 ms, and no more often.
      t.true(backoffs <= 20, `${backoffs} times`)
      await server.ask('say')
      t.is(await friend.receives(10), 'still here')
      t.like(await server.ask('count'), { accepted: 0, shed: 0, connections: 0 })

      await server.ask('free')
      for (const peer of waiting) t.is(await peer.receives(8), 'patience')
      t.like(await server.ask('count'), { accepted: 5, shed: 0, connections: 5, acceptErrors: 0 })
      t.deepEqual(await server.end(), [0, null])
    },
  )

  unix(`${io}: by default half of the descriptors are for connections`, async (t) => {
    const server = new Poor(t, { io })
    const { port } = await server.ask('count')
    const crowd = await Promise.all(Array.from({ length: 60 }, async () => Peer.connect(t, port)))
    const fates = await Promise.all(crowd.map(fate))
    t.is(fates.filter((each) => each === 'served').length, 32)
    t.like(await server.ask('count'), { accepted: 32, dropped: 28, shed: 0, connections: 32 })
    t.deepEqual(await server.end(), [0, null])
  })
}
