import test from 'ava'
import { type SocketAddr, UdpSocket } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { closing } from './support/sockets.js'
import { received, soon, udp, waiting } from './support/udp.js'

test('recvAll hands over every datagram, in order, with its sender', async (t) => {
  const server = udp(t)
  const buffer = Buffer.alloc(8)
  const nobody = (): void => t.fail()
  t.is(server.recvAll(buffer, nobody), 0)
  const bodies = Array.from({ length: 50 }, (_, n) => `${n}`.repeat(n % 4))
  const sender = await waiting(t, server, bodies)
  const found: string[] = []
  const take = (count: number, from: SocketAddr): void => {
    found.push(buffer.toString('latin1', 0, count))
    t.deepEqual(from, sender)
  }
  let total = 0
  await soon(() => {
    total += server.recvAll(buffer, take)
    return total === bodies.length ? true : null
  })
  t.deepEqual(found, bodies)
  t.is(server.recvAll(buffer, nobody), 0)
})

test('recvAll ends early for false alone, and goes on from there', async (t) => {
  const server = udp(t)
  const buffer = Buffer.alloc(8)
  await waiting(t, server, ['1', '2', '3', '4', '5', '6'])
  const answers: unknown[] = [undefined, 0, false, null, '', false]
  t.is(
    server.recvAll(buffer, () => answers.shift()),
    3,
  )
  t.is(
    server.recvAll(buffer, () => answers.shift()),
    3,
  )
  t.is(server.recv(buffer), null)
})

test('a socket can be closed, or given away, while recvAll goes on', async (t) => {
  for (const end of process.platform === 'win32' ? ['close'] : ['close', 'intoRawFd']) {
    const server = udp(t)
    await waiting(t, server, ['1', '2', '3'])
    let runs = 0
    const count = server.recvAll(Buffer.alloc(8), () => {
      runs += 1
      if (runs < 2) return
      const fd = end === 'close' ? (server.close(), null) : server.intoRawFd()
      if (fd !== null) closing(t, UdpSocket.fromRawFd(fd))
    })
    t.deepEqual([count, runs], [2, 2])
  }
})

test('what the callback of recvAll throws passes through, and the rest waits', async (t) => {
  const server = udp(t)
  const buffer = Buffer.alloc(8)
  await waiting(t, server, ['1', '2'])
  const mine = new Error('mine')
  const thrown = t.throws(() =>
    server.recvAll(buffer, () => {
      throw mine
    }),
  )
  t.is(thrown, mine)
  t.is((await received(server))[0], '2')
  for (const callback of [undefined, null, 5, {}, 'x', Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => server.recvAll(buffer, callback as never))
  }
})

test('recvAll inside of recvAll takes the rest', async (t) => {
  const server = udp(t)
  const [outer, inner] = [Buffer.alloc(8), Buffer.alloc(8)]
  const sender = await waiting(t, server, ['1', '2', '3'])
  const inside: string[] = []
  await soon(() => (server.peek(outer) === null ? null : true))
  const count = server.recvAll(outer, (_, from) => {
    server.recvAll(inner, (length) => inside.push(inner.toString('latin1', 0, length)))
    t.deepEqual(from, sender)
  })
  t.is(count, 1)
  t.is(outer.toString('latin1', 0, 1), '1')
  t.deepEqual(inside, ['2', '3'])
})
