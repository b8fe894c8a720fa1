/** The two examples of a pool of workers. */
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { until } from '../support/until.js'
import { Client, Pool, clients } from './worker-pool/pool.js'

interface Program {
  readonly name: string
  /** Why it cannot run here. */
  readonly missing: string | null
}

const programs: readonly Program[] = [
  { name: 'worker-pool', missing: process.platform === 'win32' ? 'there are no signals' : null },
  {
    name: 'worker-pool-reuse-port',
    missing: process.platform === 'linux' ? null : 'the system does not spread connections',
  },
]

for (const { name, missing } of programs) {
  const behaves = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
    if (missing === null) test(`${name}: ${title}`, body)
    else test.skip(`${name}: ${title} (${missing})`, body)
  }

  behaves('every worker gets connections, and serves them', async (t) => {
    const pool = await Pool.start(t, name)
    const byWorker = await clients(t, pool, 60)
    t.deepEqual([...byWorker.keys()].toSorted(), ['worker 1', 'worker 2'])
    const all = [...byWorker.values()].flat()
    t.is(all.length, 60)
    for (const client of all) t.true(await client.echoes('hello'))
  })

  behaves('much data comes back to many clients at once', async (t) => {
    const pool = await Pool.start(t, name)
    const size = 2 * 2 ** 20
    const received = Array.from({ length: 8 }, async () => {
      const { socket } = await Client.connected(t, pool)
      let length = 0
      socket.on('data', (text: string) => {
        length += text.length
      })
      socket.end('x'.repeat(size))
      await once(socket, 'end')
      return length
    })
    for (const length of await Promise.all(received)) t.is(length, size + 'worker 1\n'.length)
  })

  behaves('a worker that dies ends its own connections, and the rest goes on', async (t) => {
    const pool = await Pool.start(t, name)
    const byWorker = await clients(t, pool, 40)
    pool.child.kill('SIGUSR2')
    const [dead, alive] = [byWorker.get('worker 1')!, byWorker.get('worker 2')!]
    await until('its clients see it', () => dead.every(({ socket }) => socket.closed))
    for (const client of alive) t.true(await client.echoes('still here'))
    let workers = new Set<string>()
    await until('the next worker gets connections', async () => {
      workers = new Set((await clients(t, pool, 10)).keys())
      return workers.has('worker 3')
    })
    t.false(workers.has('worker 1'))
    for (const client of alive) t.true(await client.echoes('and still'))
  })

  behaves('whoever is connected when it stops is served to the end', async (t) => {
    const pool = await Pool.start(t, name)
    const greeted = [...(await clients(t, pool, 30)).values()].flat()
    // These may wait in a queue still.
    const fresh = await Promise.all(
      Array.from({ length: 30 }, async () => Client.connected(t, pool)),
    )
    pool.child.kill('SIGTERM')
    for (const client of fresh) t.regex(await client.worker(), /^worker [12]$/)
    const all = [...greeted, ...fresh]
    for (const client of all) t.true(await client.echoes('before'))
    await until('nobody is let in any more', async () => {
      const { socket } = new Client(t, pool)
      return once(socket, 'connect').then(
        () => {
          // Whoever is let in is served to the end as well, and would be waited for.
          socket.destroy()
          return false
        },
        () => true,
      )
    })
    for (const client of all) t.true(await client.echoes('after'))
    t.is(pool.child.exitCode, null)
    for (const { socket } of all) socket.end()
    t.deepEqual(await pool.end(), [0, null])
  })
}
