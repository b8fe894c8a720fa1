import { once } from 'node:events'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Datagrams, type UdpSocket } from 'mio-js'
import '../support/census.js'
import { flood } from '../support/flood.js'
import { received, soon, udp } from '../support/udp.js'
import { type Running, finish, spawnExample, startExample, stopAll } from './redis/processes.js'

const program = {
  name: 'udp-echo',
  path: path.resolve('build/examples/udp-echo.js'),
  environment: {},
  refuses: false,
}

test.afterEach.always('stop the servers', stopAll)

/** The example, and a socket that is connected to it. */
async function start(t: ExecutionContext): Promise<[example: Running, socket: UdpSocket]> {
  const example = await startExample(program)
  const socket = udp(t)
  socket.connect(`127.0.0.1:${example.port}`)
  return [example, socket]
}

test('udp-echo sends back what it gets, to whoever sent it', async (t) => {
  const [example, first] = await start(t)
  const second = udp(t)
  second.connect(first.peerAddr())
  const datagrams = new Datagrams({ count: 50, size: 64 })
  for (const [socket, name] of [
    [first, 'first'],
    [second, 'second'],
  ] as const) {
    for (let n = 0; n < 50; n += 1) datagrams.set(n, Buffer.from(n === 7 ? '' : `${name} ${n}`))
    t.is(socket.sendMany(datagrams), 50)
  }
  for (const [socket, name] of [
    [first, 'first'],
    [second, 'second'],
  ] as const) {
    for (let n = 0; n < 50; n += 1) {
      t.is((await received(socket))[0], n === 7 ? '' : `${name} ${n}`)
    }
    t.is(socket.recv(Buffer.alloc(1)), null)
  }
  t.deepEqual(example.errors, [])
})

test('udp-echo gives up a datagram that is too long, and goes on', async (t) => {
  const [example, socket] = await start(t)
  for (const bytes of [2048, 2049, 3]) socket.send(Buffer.alloc(bytes, 'x'))
  t.is((await received(socket))[0].length, 2048)
  t.is((await received(socket))[0].length, 3)
  await soon(() => (example.errors.length > 0 ? true : null))
  t.regex(example.errors.join('\n'), /within the buffer/)
})

test('udp-echo ends when it is told to, in a flood as well', async (t) => {
  if (process.platform === 'win32') {
    t.pass('Windows has no such signals')
    return
  }
  const [example, socket] = await start(t)
  await flood(t, socket.peerAddr())
  socket.send(Buffer.from('still there'))
  const ended = finish(example.child)
  example.child.kill('SIGTERM')
  t.is((await ended).code, 0)
})

test('udp-echo does not start where it cannot bind', async (t) => {
  const taken = udp(t).localAddr().port
  const child = spawnExample(program, { PORT: String(taken) })
  const { code, stderr } = await finish(child)
  t.is(code, 1)
  t.regex(stderr, /EADDRINUSE/)
  if (child.exitCode === null) await once(child, 'exit')
})
