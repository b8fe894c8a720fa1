import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { drivers, soon } from '../support/engine.js'

for (const io of drivers) {
  test(`${io}: what is written just before the process exits arrives`, async (t) => {
    const server = createServer().listen(0, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    const connected = once(server, 'connection') as Promise<[Socket]>
    const { port } = server.address() as AddressInfo
    const outcome = run('net-exit', [io, String(port)])
    const [socket] = await soon(connected)
    t.is(await soon(text(socket)), 'last words')
    t.like(await outcome, { code: 0, signal: null, stderr: '' })
  })
}
