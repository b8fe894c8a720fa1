import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { Engine } from 'mio-js/engine'
import { Socket, adopt } from 'mio-js/net'
import '../support/census.js'
import { pair, received } from '../support/drop-in.js'
import { soon, underEachDriver, underEachDriverOfUnix } from '../support/engine.js'
import { noise } from '../support/engine-sockets.js'
import { rejectsCode } from '../support/errors.js'
import { until } from '../support/until.js'

underEachDriver('a connection goes on where it was detached in mid-stream', async (t, make) => {
  const engine = make()
  const { near, far } = await pair(t, engine)
  const bytes = noise(500_000, 3)
  near.end(bytes)
  const first = await soon(once(far, 'data'))
  far.pause()
  await until('more has arrived', () => far.readableLength > 0)
  far.write('from before ')
  const before = Buffer.concat([first[0] as Buffer])
  const detached = await soon(far.detach())
  t.true(far.destroyed)
  t.is(far.fd, -1)
  t.true(detached.leftover.length > 0)

  const again = adopt(detached, { engine, allowHalfOpen: true })
  t.true(again instanceof Socket)
  again.end('and after')
  const [rest, answer] = await soon(Promise.all([received(again), received(near)]))
  t.deepEqual(Buffer.concat([before, rest]), bytes)
  t.is(answer.toString(), 'from before and after')
})

test('a worker goes on with a connection', async (t) => {
  const engine = new Engine()
  const { near, far } = await pair(t, engine)
  near.write('one ')
  await soon(once(far, 'readable'))
  const program = new URL('../programs/net-adopting-worker.js', import.meta.url)
  const detached = await soon(far.detach())
  const worker = new Worker(program, { workerData: detached })
  const exited = once(worker, 'exit')
  near.end('two')
  t.is((await soon(received(near))).toString(), 'ONE TWO')
  await soon(exited)
  await engine.close()
})

underEachDriver('what cannot be detached says why, and goes on', async (t, make) => {
  const engine = make()
  const { near, far } = await pair(t, engine)
  await rejectsCode(t, 'ERR_SOCKET_CLOSED', new Socket({ engine }).detach())
  far.setEncoding('utf8')
  await rejectsCode(t, 'ERR_INVALID_STATE', far.detach())
  near.write('still here')
  t.deepEqual(await soon(once(far, 'data')), ['still here'])
  near.end()
  await rejectsCode(t, 'ERR_SOCKET_CLOSED', near.detach())
})

underEachDriverOfUnix('a socket that is destroyed while it is detached closes', async (t, make) => {
  const { near } = await pair(t, make())
  const detached = near.detach()
  await new Promise((resolve) => process.nextTick(resolve))
  const closed = once(near, 'close')
  near.destroy()
  await soon(closed)
  // It was either given away before, and is the test's, or closed.
  const result = await soon(Promise.allSettled([detached]))
  for (const outcome of result) {
    if (outcome.status === 'fulfilled') closeSync(outcome.value.fd)
    else t.is((outcome.reason as NodeJS.ErrnoException).code, 'ERR_SOCKET_CLOSED')
  }
  t.pass()
})

underEachDriverOfUnix('what a callback did not take goes with the connection', async (t, make) => {
  const engine = make()
  let count = 0
  const onread = {
    buffer: Buffer.alloc(4),
    callback() {
      count += 1
      return false
    },
  }
  const { near, far } = await pair(t, engine, {}, { onread })
  far.write('abcdefghij')
  await until('the first part', () => count === 1)
  const detached = await soon(near.detach())
  t.is(detached.leftover.toString(), 'efghij')
  closeSync(detached.fd)
})
