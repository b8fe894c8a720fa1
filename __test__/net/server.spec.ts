import { once } from 'node:events'
import { statSync } from 'node:fs'
import test from 'ava'
import { Engine } from 'mio-js/engine'
import { createServer as createHttpServer } from 'mio-js/http'
import { connect, createServer } from 'mio-js/net'
import '../support/census.js'
import { run } from '../support/child.js'
import { pair, serving } from '../support/drop-in.js'
import { drivers, soon, underEachDriver, underEachDriverServed } from '../support/engine.js'
import { socketPath } from '../support/unix.js'

underEachDriver('a server that listens again tells that it was closed', async (t, make) => {
  const { server } = await serving(t, make(), {}, () => {})
  const closed = new Promise((resolve) => server.close(resolve))
  server.listen(0, '127.0.0.1')
  const listens = once(server, 'listening')
  t.is(await soon(closed), undefined)
  await soon(listens)
  t.true(server.listening)
  server.close()
  await soon(once(server, 'close'))
})

underEachDriver('a server that is closed gets no connection any more', async (t, make) => {
  let accepted = 0
  const engine = make()
  const { server, port } = await serving(t, engine, {}, (socket) => {
    accepted += 1
    server.close()
    socket.destroy()
  })
  const ends = Array.from({ length: 5 }, async () => {
    const socket = connect({ engine, port, host: '127.0.0.1' }).resume()
    socket.on('error', () => {})
    // Linux may forget who connects just as a server closes, and tells them when they write.
    socket.write('?')
    await new Promise((resolve) => socket.once('close', resolve))
  })
  await soon(Promise.all([once(server, 'close'), ...ends]))
  t.is(accepted, 1)
})

underEachDriver('a server whose engine closes does so, too', async (t, make) => {
  const engine = make()
  const { near, far, server } = await pair(t, engine)
  for (const socket of [near, far]) socket.on('error', () => {})
  const closed = Promise.all([once(far, 'close'), once(server, 'close')])
  await soon(engine.close())
  t.false(server.listening)
  t.is(server.address(), null)
  t.is(server.stats(), undefined)
  await soon(closed)
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.close(resolve)
  })
  t.is(error?.code, 'ERR_SERVER_NOT_RUNNING')
})

underEachDriverServed('a server of http whose engine closes does so, too', async (t, make) => {
  const engine = make()
  const server = createHttpServer({ engine }).listen(0, '127.0.0.1')
  await soon(once(server, 'listening'))
  const closed = once(server, 'close')
  await soon(engine.close())
  await soon(closed)
  t.false(server.listening)
})

underEachDriver('any backlog is taken', async (t, make) => {
  const engine = make()
  for (const backlog of [-5, 1.5, Infinity, NaN]) {
    const server = createServer({ engine })
    server.listen({ port: 0, host: '127.0.0.1', backlog })
    // oxlint-disable-next-line no-await-in-loop: one after another
    await soon(once(server, 'listening'))
    server.close()
  }
  t.pass()
})

const testPath = process.platform === 'win32' ? test.skip : test

testPath('a path that is listened on again is open to all who were let in', async (t) => {
  const engine = new Engine()
  const path = socketPath(t)
  const server = createServer({ engine }).listen({ path })
  await soon(once(server, 'listening'))
  server.close()
  server.listen({ path, readableAll: true, writableAll: true })
  await soon(once(server, 'listening'))
  t.is(statSync(path).mode & 0o666, 0o666)
  server.close()
  await soon(engine.close())
})

for (const driver of drivers) {
  test(`${driver}: what the program throws at a connection leaves none without an owner`, async (t) => {
    const { code, stdout, stderr } = await run('net-throwing', [driver])
    t.is(code, 0, stderr)
    t.deepEqual(JSON.parse(stdout), [
      'read abcd',
      'uncaught onread',
      'read efgh',
      'read ij',
      'uncaught drop',
      'closed',
      'uncaught blockList',
      'closed',
      'uncaught connect',
      'written',
      'open 0',
    ])
  })

  test(`${driver}: what is unref'd and closed is told so before the process ends`, async (t) => {
    const { code, stdout } = await run('net-unref', [driver])
    t.is(code, 0)
    t.deepEqual(stdout.trim().split('\n').toSorted(), ['server', 'socket'])
  })
}
