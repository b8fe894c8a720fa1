import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { serving } from '../support/example.js'
import { unix } from '../support/platforms.js'
import { TextClient } from '../support/text-client.js'
import { until } from '../support/until.js'
import { finish, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

/** A client, and the worker that has greeted it. */
async function greeted(t: ExecutionContext, port: number): Promise<[TextClient, worker: string]> {
  const client = await TextClient.connect(t, port)
  await client.receives('\n')
  return [client, /^worker (\d+)\n/.exec(client.text)?.[1] ?? '']
}

unix('each connection goes to the worker that has the fewest', async (t) => {
  const { errors, port } = await serving('load-balancer', [], { WORKERS: '3' })
  const clients: [TextClient, string][] = []
  for (let n = 0; n < 6; n += 1) clients.push(await greeted(t, port))
  const counts = new Map<string, number>()
  for (const [, worker] of clients) counts.set(worker, (counts.get(worker) ?? 0) + 1)
  t.deepEqual([...counts.values()], [2, 2, 2])
  for (const [n, [client]] of clients.entries()) await client.echoes(`hello ${n}`)

  // Both of one worker leave: the next two go to nobody else.
  const [, freed] = clients[0]!
  for (const [client, worker] of clients) {
    if (worker !== freed) continue
    client.socket.end()
    t.is(await client.ends(), 'end')
  }
  const later: string[] = []
  await until('it is known that they have left', async () => {
    const [client, worker] = await greeted(t, port)
    if (worker !== freed) {
      client.socket.end()
      await client.ends()
      return false
    }
    later.push(worker)
    return true
  })
  later.push((await greeted(t, port))[1])
  t.deepEqual(later, [freed, freed])
  t.deepEqual(errors, [])
})

unix('what a client sends before anybody has it is not lost', async (t) => {
  const { port } = await serving('load-balancer', [], { WORKERS: '2' })
  const clients = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const client = await TextClient.connect(t, port)
      client.socket.end(`at once ${n}`)
      return client
    }),
  )
  for (const [n, client] of clients.entries()) {
    t.is(await client.ends(), 'end')
    t.regex(client.text, new RegExp(`^worker \\d+\nat once ${n}$`))
  }
})

unix('told to end it serves to the end those that are there', async (t) => {
  const { child, port } = await serving('load-balancer', [], { WORKERS: '2' })
  const [client] = await greeted(t, port)
  const ended = finish(child)
  child.kill('SIGTERM')
  await client.echoes('still there')
  client.socket.end()
  t.is(await client.ends(), 'end')
  t.is((await ended).code, 0)
})
