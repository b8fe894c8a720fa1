import { createSocket } from 'node:dgram'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Datagrams, Interest, UdpSocket } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily, hasIPv6 } from './support/families.js'
import { flood } from './support/flood.js'
import { inOwnNetwork } from './support/network.js'
import { linux, unix, where } from './support/platforms.js'
import { eventsFor, poller, watch } from './support/sockets.js'
import { received, soon, udp, udpPair } from './support/udp.js'
import { until } from './support/until.js'
import { ofNode } from './support/reference.js'

eachFamily((run, family, address) => {
  run('the largest datagram arrives whole, and one byte more is EMSGSIZE', async (t) => {
    const [client, server] = udpPair(t, address)
    const most = family === 'IPv4' ? 65_507 : 65_527
    const bytes = Buffer.alloc(most + 1, 'x')
    const to = server.localAddr()
    const error = throwsCode(t, 'EMSGSIZE', () => client.sendTo(bytes, to))
    t.like(error, { syscall: 'sendto', address: to.address, port: to.port })
    throwsCode(t, 'EMSGSIZE', () => client.send(bytes))
    // Others than Linux allow less at first (macOS: 9216).
    const allowed = process.platform === 'linux' ? most : 8192
    t.is(client.send(bytes, 0, allowed), allowed)
    const buffer = Buffer.alloc(65_536)
    t.is(await soon(() => server.recv(buffer)), allowed)
    t.true(buffer.subarray(0, allowed).every((byte) => byte === 120))
    t.is(server.recv(buffer), null)
  })
})

unix('a peer that is gone is ECONNREFUSED once, and the socket works on', async (t) => {
  const { poll, events } = poller(t)
  const datagrams = new Datagrams({ count: 4, size: 8 })
  const buffer = Buffer.alloc(8)
  const ways: Record<string, (socket: UdpSocket) => unknown> = {
    recv: (socket) => socket.recv(buffer),
    recvFrom: (socket) => socket.recvFrom(buffer),
    recvMany: (socket) => socket.recvMany(datagrams),
    recvAll: (socket) => socket.recvAll(buffer, () => t.fail()),
    peek: (socket) => socket.peek(buffer),
    send: (socket) => socket.send(buffer),
  }
  for (const [name, way] of Object.entries(ways)) {
    const [socket, gone] = [udp(t), udp(t)]
    socket.connect(gone.localAddr())
    watch(poll, socket, 1, Interest.READABLE)
    gone.close()
    t.is(socket.send(Buffer.from('anybody?')), 8)
    await eventsFor(t, poll, events, 1)
    throwsCode(t, 'ECONNREFUSED', () => way(socket))
    t.is(socket.takeError(), null, name)
    t.is(socket.recv(buffer), null)
    const other = udp(t)
    socket.connect(other.localAddr())
    other.sendTo(Buffer.from('here'), socket.localAddr())
    t.is((await received(socket))[0], 'here')
    socket.close()
  }
})

unix('takeError tells of a peer that is gone, and clears it', async (t) => {
  const { poll, events } = poller(t)
  const [socket, gone] = [udp(t), udp(t)]
  socket.connect(gone.localAddr())
  watch(poll, socket, 1, Interest.READABLE)
  gone.close()
  socket.send(Buffer.from('x'))
  await eventsFor(t, poll, events, 1)
  t.like(socket.takeError(), { code: 'ECONNREFUSED', syscall: 'getsockopt' })
  t.is(socket.takeError(), null)
  t.is(socket.recv(Buffer.alloc(1)), null)
})

unix('datagrams that came before a peer was gone are not lost', async (t) => {
  const [socket, peer] = udpPair(t)
  peer.send(Buffer.from('last words'))
  peer.close()
  const texts: string[] = []
  const codes: string[] = []
  const buffer = Buffer.alloc(16)
  socket.send(Buffer.from('x'))
  await until('the last words and the error', () => {
    try {
      const count = socket.recv(buffer)
      if (count !== null) texts.push(buffer.toString('latin1', 0, count))
    } catch (error) {
      codes.push((error as NodeJS.ErrnoException).code ?? '')
    }
    return texts.length + codes.length === 2
  })
  t.deepEqual([texts, codes], [['last words'], ['ECONNREFUSED']])
})

test('an unconnected socket does not care for peers that are gone', async (t) => {
  if (process.platform === 'win32') {
    t.pass('Windows tells of them: see the class')
    return
  }
  const [socket, gone, other] = [udp(t), udp(t), udp(t)]
  const dead = gone.localAddr()
  gone.close()
  for (let n = 0; n < 3; n += 1) t.is(socket.sendTo(Buffer.from('x'), dead), 1)
  other.sendTo(Buffer.from('y'), socket.localAddr())
  t.is((await received(socket))[0], 'y')
  t.is(socket.takeError(), null)
})

linux('broadcast needs the option, and arrives with it (Linux)', async (t) => {
  const socket = udp(t)
  const server = udp(t, '0.0.0.0:0')
  const to = { address: '127.255.255.255', port: server.localAddr().port }
  for (const address of [to, { address: '255.255.255.255', port: 9 }]) {
    const error = throwsCode(t, 'EACCES', () => socket.sendTo(Buffer.from('x'), address))
    t.like(error, { syscall: 'sendto', ...address })
    const refused = throwsCode(t, 'EACCES', () => {
      socket.connect(address)
    })
    t.like(refused, { syscall: 'connect', ...address })
  }
  socket.setBroadcast(true)
  t.is(socket.sendTo(Buffer.from('to all'), to), 6)
  t.deepEqual(await received(server), ['to all', socket.localAddr()])
  socket.setBroadcast(false)
  throwsCode(t, 'EACCES', () => socket.sendTo(Buffer.from('x'), to))
})

linux('the unspecified address is this machine (Linux)', async (t) => {
  const server = udp(t, '0.0.0.0:0')
  const { port } = server.localAddr()
  const socket = udp(t, '0.0.0.0:0')
  t.is(socket.sendTo(Buffer.from('sent'), { address: '0.0.0.0', port }), 4)
  t.is((await received(server))[0], 'sent')
  socket.connect({ address: '0.0.0.0', port })
  t.deepEqual(socket.peerAddr().address, '127.0.0.1')
  t.is(socket.send(Buffer.from('too')), 3)
  t.is((await received(server))[0], 'too')
})

/** How Node's own socket ends to send to this address: a code, or 'sent'. */
async function nodeOutcome(address: string, port: number): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    return await new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      socket.send('x', port, address, (error) => {
        resolve((error as NodeJS.ErrnoException | null)?.code ?? 'sent')
      })
    })
  } finally {
    socket.close()
  }
}

unix('addresses that cannot be sent to are the errors that Node has', async (t) => {
  const { port } = udp(t).localAddr()
  const addresses = ['255.255.255.255', '240.0.0.1', '0.0.0.0']
  if (hasIPv6) addresses.push('fe80::1', 'ff02::1', '2001:db8::1', '::')
  for (const address of addresses) {
    const socket = udp(t, address.includes(':') ? '[::]:0' : '0.0.0.0:0')
    let outcome = 'sent'
    try {
      socket.sendTo(Buffer.from('x'), { address, port })
    } catch (error) {
      outcome = (error as NodeJS.ErrnoException).code ?? ''
      t.like(error, { syscall: 'sendto', address, port })
    }
    const expected = await ofNode(t, async () => nodeOutcome(address, port))
    t.is(outcome, expected, address)
  }
})

const linuxWithIPv6 = where(process.platform === 'linux' && hasIPv6, 'there is no IPv6 here')

linuxWithIPv6('a link-local address needs a scope that exists (Linux)', async (t) => {
  const socket = udp(t, '[::]:0')
  throwsCode(t, 'EINVAL', () => UdpSocket.bind('[fe80::1]:0'))
  throwsCode(t, 'EINVAL', () => {
    socket.connect('[fe80::1]:9')
  })
  for (const operation of [
    () => UdpSocket.bind('[fe80::1%no-such]:0'),
    () => socket.sendTo(Buffer.from('x'), '[fe80::1%no-such]:9'),
  ]) {
    const error = t.throws<NodeJS.ErrnoException>(operation)
    t.regex(error?.code ?? '', /^(ENODEV|ENXIO)$/)
  }
  const server = udp(t, '[::1]:0')
  for (const scope of ['lo', '1']) {
    const to = `[::1%${scope}]:${server.localAddr().port}`
    t.is(socket.sendTo(Buffer.from(scope), to), scope.length)
    t.is((await received(server))[0], scope)
  }
})

inOwnNetwork(
  'a network without room is null, and an event tells when there is (Linux)',
  // 1 MB a second, to a neighbour that does not exist.
  [
    'ip link add v0 type veth peer name v1',
    'ip addr add 10.77.0.1/24 dev v0',
    'ip link set v0 up',
    'ip link set v1 up',
    'ip neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev v0',
    'tc qdisc add dev v0 root tbf rate 8mbit burst 4k limit 10mb',
  ],
  async (t, inside) => {
    t.deepEqual(await inside('udp-blocked', ['10.77.0.2:9']), [true, true, true])
  },
)

test('a flood is taken in bounded batches, while timers and others go on', async (t) => {
  const { poll, events } = poller(t)
  const [server, other] = [udp(t), udp(t)]
  watch(poll, server, 1, Interest.READABLE)
  const datagrams = new Datagrams({ count: 32, size: 64 })
  let ticks = 0
  const timer = setInterval(() => (ticks += 1), 1)
  t.teardown(() => clearInterval(timer))
  await flood(t, server.localAddr())
  let taken = 0
  let asked = 0
  await until('many were taken, and everything else went on', async () => {
    await poll.pollAsync(events, { timeout: 0 })
    const count = server.recvMany(datagrams)
    if (count !== null) {
      t.true(count >= 1 && count <= 32)
      taken += count
    }
    other.sendTo(Buffer.from('x'), other.localAddr())
    if (other.recv(Buffer.alloc(1)) !== null) asked += 1
    await setImmediate()
    return taken > 3000 && ticks > 10 && asked > 10
  })
})

test('recvAll of a flood ends for a callback that says when', async (t) => {
  const server = udp(t)
  await flood(t, server.localAddr())
  const buffer = Buffer.alloc(64)
  let total = 0
  while (total < 500) {
    let budget = 32
    const count = server.recvAll(buffer, () => (budget -= 1) > 0)
    t.true(count <= 32)
    total += count
    await setImmediate()
  }
})
