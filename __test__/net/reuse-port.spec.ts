/** Ports that several servers have, and what those are told who run where there is no such thing. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Engine } from 'mio-js/engine'
import { BoundSocket, createServer } from 'mio-js/net'
import '../support/census.js'
import { soon } from '../support/engine.js'
import { linux, unix } from '../support/platforms.js'

const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor

/** Has the process run on macOS until the returned object is disposed of. */
function macOs(): Disposable {
  Object.defineProperty(process, 'platform', { configurable: true, get: () => 'darwin' })
  return {
    [Symbol.dispose]: () => void Object.defineProperty(process, 'platform', platform),
  }
}

async function refusal(t: ExecutionContext, options: object): Promise<object> {
  using _ = macOs()
  const server = createServer()
  const failed = once(server, 'error')
  server.listen({ port: 0, reusePort: true, ...options })
  const [error] = (await soon(failed)) as [NodeJS.ErrnoException]
  t.false(server.listening)
  const { code, message, syscall } = error
  return { code, message, syscall, port: 'port' in error ? error.port : undefined }
}

linux('two servers of one process have one port', async (t) => {
  const engine = new Engine()
  const listening = async (port: number): Promise<number> => {
    const server = createServer({ engine }).listen({ port, host: '127.0.0.1', reusePort: true })
    await soon(once(server, 'listening'))
    return (server.address() as AddressInfo).port
  }
  const port = await listening(0)
  t.is(await listening(port), port)
  await soon(engine.close())
})

test.serial('where ports are not shared, a server is told so, and does not listen', async (t) => {
  t.deepEqual(await refusal(t, {}), {
    code: 'ENOTSUP',
    message: 'listen ENOTSUP: operation not supported on socket 0.0.0.0',
    syscall: 'listen',
    port: undefined,
  })
  t.like(await refusal(t, { host: '127.0.0.1', port: 80 }), {
    message: 'listen ENOTSUP: operation not supported on socket 127.0.0.1:80',
    port: 80,
  })
})

unix('where ports are not shared, nothing is bound to one', (t) => {
  using _ = macOs()
  const error = t.throws(() => new BoundSocket({ reusePort: true }))
  t.like(error, { code: 'ENOTSUP', syscall: 'bind', address: '0.0.0.0' })
})
