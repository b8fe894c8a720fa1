/** What becomes of streams and servers when their engine cannot go on. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { Engine } from 'mio-js/engine'
import { http } from 'mio-js/http'
import { createServer } from 'mio-js/net'
import '../support/census.js'
import { soon } from '../support/engine.js'
import { failing, failingServed, play } from '../support/failing.js'
import { type Run, served, where } from '../support/platforms.js'

failing('a selector that fails is an error of what connects, and closes servers', async (t) => {
  const name = 'selector of connecting sockets fails'
  const { [name]: outcome } = await play('inline', name)
  t.deepEqual(outcome, {
    code: 'EBADF',
    errno: -9,
    syscall: 'connect',
    fatal: 'EBADF',
    listening: false,
  })
})

failingServed(
  'an http server whose selector has failed refuses instead of being silent',
  async (t) => {
    const name = 'selector of an http server fails'
    const { [name]: outcome } = await play('inline', name)
    t.deepEqual(outcome, { code: 'ECONNREFUSED', warnings: [] })
  },
)

for (const [name, create] of [
  ['net', (engine: Engine) => createServer({ engine })],
  ['http', (engine: Engine) => http.createServer({ engine })],
] as const) {
  const declare: Run = name === 'http' ? served : where(true, '')
  declare(`${name}: a server whose engine is closed is closed, and listens no more`, async (t) => {
    const engine = new Engine()
    const server = create(engine).listen(0, '127.0.0.1')
    await soon(once(server, 'listening'))
    const { port } = server.address() as AddressInfo
    const closed = once(server, 'close')
    await soon(engine.close())
    await soon(closed)
    t.false(server.listening)
    const [error] = (await soon(once(connect(port, '127.0.0.1'), 'error'))) as [
      NodeJS.ErrnoException,
    ]
    t.is(error.code, 'ECONNREFUSED')
  })
}
