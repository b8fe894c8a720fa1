import { once } from 'node:events'
import { endianness } from 'node:os'
import { Server, Socket, connect } from 'mio-js/net'
import '../support/census.js'
import { pair } from '../support/drop-in.js'
import { soon, underEachDriver, underEachDriverOfUnix } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { until } from '../support/until.js'
import { statOf } from '../support/raw.js'

underEachDriverOfUnix('a socket tells its descriptor while it is open', async (t, make) => {
  const { near } = await pair(t, make())
  t.true(statOf(near.fd).isSocket())
  near.destroy()
  t.is(near.fd, -1)
  t.is(new Socket().fd, -1)
})

underEachDriver('peek shows what was received and takes nothing', async (t, make) => {
  const { near, far } = await pair(t, make())
  t.is(near.peek(), null)
  far.write('some bytes')
  await until('they are here', () => near.readableLength === 10)
  t.is(near.peek()?.toString(), 'some bytes')
  t.is(near.peek(4)?.toString(), 'some')
  t.is(near.read(5).toString(), 'some ')
  t.is(near.peek()?.toString(), 'bytes')
})

/** Windows takes one, and ignores it. */
const hasTypeOfService = process.platform !== 'win32'

underEachDriver('options are set and read by name and by number', async (t, make) => {
  const { near } = await pair(t, make())
  near.setOption('nodelay', true)
  t.true(near.getOption('nodelay'))
  // IPPROTO_TCP, TCP_NODELAY
  t.not(near.getOption(6, 1).readUInt8(endianness() === 'LE' ? 0 : 3), 0)
  if (hasTypeOfService) {
    near.setOption('tos', 32).setTypeOfService(16)
    t.is(near.getOption('tos'), 16)
    t.is(near.getTypeOfService(), 16)
  }
  if (process.platform === 'linux') {
    near.setOption('userTimeout', 5000)
    t.is(near.getOption('userTimeout'), 5000)
    // IPPROTO_TCP, TCP_USER_TIMEOUT
    const bytes = near.getOption(6, 18)
    t.is(endianness() === 'LE' ? bytes.readInt32LE() : bytes.readInt32BE(), 5000)
  }
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => near.getOption('nothing' as 'tos'))
  near.setKeepAlive(true, 7000, 3000, 4)
  await until('the engine has set it', () => near.getOption('keepalive') !== undefined)
  near.destroy()
  throwsCode(t, 'ERR_SOCKET_CLOSED', () => near.getOption('tos'))
})

underEachDriver('what is set before there is a connection holds for it', async (t, make) => {
  const engine = make()
  const { server } = await pair(t, engine)
  const { port } = server.address() as { port: number }
  const socket = new Socket({ engine, typeOfService: 8 })
  socket.setKeepAlive({ enable: true, initialDelay: 9000, interval: 2000, count: 3 })
  socket.setNoDelay().connect(port, '127.0.0.1')
  await soon(once(socket, 'connect'))
  if (hasTypeOfService) t.is(socket.getOption('tos'), 8)
  await until('no delay', () => socket.getOption('nodelay') === true)
  const keepalive = socket.getOption('keepalive') as unknown
  // Windows tells no more of it.
  if (process.platform === 'win32') t.like(keepalive, { enabled: true })
  else t.deepEqual(keepalive, { enabled: true, time: 9000, interval: 2000, count: 3 })
  socket.destroy()
})

underEachDriver('maxPending destroys a socket whose peer does not read', async (t, make) => {
  const { near, far } = await pair(t, make(), {}, { maxPending: 1_000_000 })
  far.pause()
  near.on('error', () => {})
  const closing = new Promise((resolve) => {
    near.once('close', resolve)
  })
  for (let count = 0; count < 10_000 && !near.destroyed; count += 1) near.write(Buffer.alloc(1000))
  await soon(closing)
  t.is((near.errored as NodeJS.ErrnoException).code, 'ERR_PENDING_LIMIT')
})

underEachDriver('a server counts', async (t, make) => {
  const { server } = await pair(t, make())
  t.is(server.stats()?.accepted, 1)
  t.is(server.stats()?.open, 1)
  t.is(new Server().stats(), undefined)
})

underEachDriver(
  'the constructors can be called, and inherited from the old way',
  async (t, make) => {
    const engine = make()
    const { server } = await pair(t, engine)
    const { port } = server.address() as { port: number }
    t.true(Socket() instanceof Socket)
    t.true(Server() instanceof Server)
    function Old(this: Socket): void {
      Reflect.apply(Socket, this, [{ engine }])
    }
    Object.setPrototypeOf(Old.prototype, Socket.prototype)
    const old = Reflect.construct(Old, []) as Socket
    t.true(old instanceof Socket)
    old.connect(port, '127.0.0.1')
    await soon(once(old, 'connect'))
    old.destroy()
    class New extends Socket {}
    t.true(new New() instanceof New)
    t.false(new Socket() instanceof New)
    const plain = connect({ engine, port, host: '127.0.0.1' })
    plain.destroy()
  },
)
