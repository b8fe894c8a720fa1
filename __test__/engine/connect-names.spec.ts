import dns from 'node:dns'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Engine } from 'mio-js/engine'
import '../support/census.js'
import { Peer, connectError, deadPort, neverTold } from '../support/engine-peers.js'
import { listening, soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { hasIPv6 } from '../support/families.js'
import { fullListener } from '../support/full-listener.js'

underEachDriver('a name that nobody has fails as Node has it', async (t, make) => {
  const engine = make()
  let count = 0
  for (const hostname of ['1.2.3.4.5', ' 127.0.0.1', '127.0.0.1 ', '[::1]', 'x'.repeat(300)]) {
    const expected = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      dns.lookup(hostname, resolve)
    })
    // Some systems know what is meant.
    if (expected === null) continue
    const error = await connectError(engine, { hostname, port: 9, socket: neverTold })
    const { code, errno, syscall } = error
    t.deepEqual({ code, errno, syscall }, pick(expected), hostname)
    t.is((error as { hostname?: string }).hostname, hostname)
    count += 1
  }
  t.true(count >= 2)
})

function pick({ code, errno, syscall }: NodeJS.ErrnoException): object {
  return { code, errno, syscall }
}

underEachDriver('a null byte ends no hostname', async (t, make) => {
  const { port } = await listening(t, (socket) => {
    t.fail('somebody connected')
    socket.destroy()
  })
  const engine = make()
  for (const hostname of ['\0', '127.0.0.1\0', '127.0.0.1\0.example.org', 'localhost\0x']) {
    const error = await connectError(engine, { hostname, port })
    t.regex(String(error.code), /^(ENOTFOUND|ERR_INVALID_ADDRESS|ERR_INVALID_ARG_VALUE)$/, hostname)
  }
})

/** Makes `node:dns` answer with these addresses, until the test ends. */
function resolving(t: ExecutionContext, addresses: string[]): string[] {
  const asked: string[] = []
  const original = dns.lookup
  const answer = ((
    name: string,
    options: { family?: number },
    done: (...args: unknown[]) => void,
  ) => {
    asked.push(`${name} ${options.family}`)
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
    setImmediate(done, null, found)
  }) as unknown as typeof dns.lookup
  dns.lookup = answer
  t.teardown(() => {
    dns.lookup = original
  })
  return asked
}

underEachDriver('the addresses of a name are tried in their order', async (t, make) => {
  const ports: (string | undefined)[] = []
  const { server, port } = await listening(t, (socket) => {
    ports.push(socket.localAddress)
    return new Peer(t, socket)
  })
  t.is((server.address() as net.AddressInfo).address, '127.0.0.1')
  const refusing = hasIPv6 ? '::1' : '127.0.0.5'
  const asked = resolving(t, [refusing, '127.0.0.6', '127.0.0.1', '127.0.0.7'])
  const engine = make({ threads: 2 })
  const socket = await soon(engine.connect({ hostname: 'several.test', port }))
  t.is(socket.remoteAddress, '127.0.0.1')
  t.deepEqual(asked, ['several.test 0'])
  t.is(engine.stats().connected, 1)
})

underEachDriver('the error of the last address counts', async (t, make) => {
  const port = await deadPort()
  resolving(t, ['255.255.255.255', '127.0.0.5', '127.0.0.6'])
  const error = await connectError(make(), { hostname: 'several.test', port, socket: neverTold })
  t.like(error, { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.6', port })
})

underEachDriver('a name that has no address is ENOTFOUND', async (t, make) => {
  resolving(t, [])
  const engine = make()
  for (const hostname of ['none.test', '']) {
    const error = await connectError(engine, { hostname, port: 9 })
    t.is(error.code, 'ENOTFOUND')
  }
})

underEachDriver('the local address chooses the family', async (t, make) => {
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const asked = resolving(t, ['127.0.0.1'])
  const engine = make()
  await soon(engine.connect({ hostname: 'x.test', port, localAddress: '127.0.0.1' }))
  t.deepEqual(asked, ['x.test 4'])
  await connectError(engine, { hostname: 'x.test', port, localAddress: '::1' })
  t.deepEqual(asked, ['x.test 4', 'x.test 6'])
})

underEachDriver('the time is that of all addresses together', async (t, make) => {
  const full = await fullListener(t)
  resolving(
    t,
    Array.from({ length: 50 }, () => full.hostname),
  )
  const start = performance.now()
  const options = { hostname: 'slow.test', port: full.port, timeout: 60 }
  t.is((await connectError(make(), options)).code, 'ETIMEDOUT')
  t.true(performance.now() - start < 5000)
})

test('a lookup that throws rejects the connect', async (t) => {
  const engine = new Engine({ io: 'inline' })
  const mine = new Error('mine')
  resolving(t, [])
  dns.lookup = (() => {
    throw mine
  }) as unknown as typeof dns.lookup
  t.is(await connectError(engine, { hostname: 'x.test', port: 9, timeout: 1000 }), mine as never)
  throwsCode(t, 'ERR_INVALID_ADDRESS', () => engine.listen({ hostname: 'x.test' }))
  await engine.close()
})
