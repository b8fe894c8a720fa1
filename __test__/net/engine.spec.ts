import { once } from 'node:events'
import { connect, createServer } from 'mio-js/net'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { netEngine } from '#src/net/engine.js'
import '../support/census.js'
import { received } from '../support/drop-in.js'
import { soon } from '../support/engine.js'

/** What comes through one connection of the engine that all share. */
async function exchange(): Promise<string> {
  const server = createServer((far) => far.end('hello'))
  server.listen(0, '127.0.0.1')
  await soon(once(server, 'listening'))
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const text = (await soon(received(near))).toString()
  await soon(new Promise((resolve) => server.close(resolve)))
  return text
}

test('an engine that was closed is followed by a new one', async (t) => {
  t.is(await exchange(), 'hello')
  const first = netEngine()
  t.is(netEngine(), first)
  const closed = first.close()
  t.is(await exchange(), 'hello')
  await soon(closed)
  t.not(netEngine(), first)
  t.is(await exchange(), 'hello')
  await netEngine().close()
})
