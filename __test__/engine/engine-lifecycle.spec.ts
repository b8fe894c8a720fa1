import { once } from 'node:events'
import net from 'node:net'
import type { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { until } from '../support/until.js'
import { Peer } from '../support/engine-peers.js'
import { type Driver, drivers, listening, soon } from '../support/engine.js'
import { type Started, start as startAt, turns } from '../support/workers.js'

/** What an end may take, on a machine that is busy with other tests. */
const slack = 2000

const start = (io: Driver, what: string, port = 0): Started => startAt('engine', { io, what, port })

async function terminate(t: ExecutionContext, worker: Worker): Promise<void> {
  const begin = performance.now()
  await soon(worker.terminate(), 'a worker is terminated')
  const duration = performance.now() - begin
  t.true(duration < slack, `${duration} ms`)
}

/** Somebody who listens, and takes everything. */
async function sink(t: ExecutionContext): Promise<number> {
  const open = new Set<net.Socket>()
  const { port } = await listening(t, (socket) => {
    open.add(socket)
    socket.on('error', () => {}).resume()
    socket.on('end', () => socket.end())
  })
  t.teardown(() => {
    for (const socket of open) socket.destroy()
  })
  return port
}

for (const io of drivers) {
  for (const what of ['idle', 'connect', 'handler', 'flood', 'close']) {
    test(`${io}: a worker is terminated at any time: ${what}`, async (t) => {
      const port = await sink(t)
      for (let n = 0; n < 4; n += 1) {
        const { worker, ready } = start(io, what, port)
        await soon(ready, 'the worker is ready')
        await terminate(t, worker)
      }
      t.pass()
    })
  }

  test(`${io}: a worker is terminated while it starts`, async (t) => {
    for (let n = 0; n < 6; n += 1) {
      const { worker, ready } = start(io, 'begin')
      await ready
      // From before its engine is there, further and further into the flood.
      await turns(n * 50)
      await terminate(t, worker)
    }
  })

  test(`${io}: the sockets of a terminated worker are closed`, async (t) => {
    const { worker, ready } = start(io, 'listen')
    const port = (await soon(ready, 'it listens')) as number
    const peers = await Promise.all(Array.from({ length: 5 }, async () => Peer.connect(t, port)))
    await terminate(t, worker)
    const outcomes = await Promise.all(peers.map(async (peer) => peer.outcome()))
    t.true(outcomes.every((outcome) => outcome === 'FIN' || outcome === 'ECONNRESET'))
    for (const { socket } of peers) socket.destroy()
    // Deno says that it has ended before it has.
    await until('nobody listens any more', async () => {
      const socket = net.connect(port, '127.0.0.1')
      const code = await once(socket, 'connect').catch((error: NodeJS.ErrnoException) => error.code)
      socket.destroy()
      return code === 'ECONNREFUSED'
    })
  })

  test(`${io}: a worker that exits or fails in a handler ends, with its sockets`, async (t) => {
    const port = await sink(t)
    const exited = await soon(start(io, 'exit in a handler', port).ended)
    t.deepEqual(exited, { code: 0, error: undefined })
    const failed = await soon(start(io, 'throw in a handler', port).ended)
    t.is(failed.code, 1)
    t.is(failed.error?.message, 'ends the worker')
  })

  test(`${io}: a worker without anything open ends by itself`, async (t) => {
    t.deepEqual(await soon(start(io, 'idle').ended), { code: 0, error: undefined })
    t.deepEqual(await soon(start(io, 'echo').ended), { code: 0, error: undefined })
    t.is((await soon(start(io, 'close').ended)).code, 0)
  })

  const places = ['factory', 'open', 'data', 'drain', 'end', 'timeout', 'close', 'cork', 'filter']

  test(`${io}: process.exit(0) in any handler ends the process, and in no other way`, async (t) => {
    const exits = async (place: string): Promise<void> => {
      const { code, signal, stdout, stderr } = await run('engine-exit', [io, place])
      t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, place)
      const duration = Date.now() - Number(stdout)
      t.true(duration < slack, `${place}: ${duration} ms`)
    }
    const all = [...places, 'worker']
    for (let n = 0; n < all.length; n += 2) await Promise.all(all.slice(n, n + 2).map(exits))
  })

  test(`${io}: workers alone load the engine, one after another and many at once`, async (t) => {
    const { code, signal, stderr } = await run('workers', ['engine', io, '5', '10'])
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  })
}
