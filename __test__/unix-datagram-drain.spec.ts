import { type UnixAddr, Shutdown, UnixDatagram } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { unix } from './support/platforms.js'
import { closing } from './support/sockets.js'
import { datagramPair, socketPath } from './support/unix.js'

const buffer = Buffer.alloc(8)

/** A pair, with datagrams that wait at the second. */
function waiting(t: Parameters<typeof datagramPair>[0], bodies: string[]): UnixDatagram {
  const [first, second] = datagramPair(t)
  for (const body of bodies) first.send(Buffer.from(body))
  return second
}

unix('recvAll hands over every datagram, in order, with its sender', (t) => {
  const path = socketPath(t, 'sender')
  const server = closing(t, UnixDatagram.bind(socketPath(t, 'server')))
  const senders = [closing(t, UnixDatagram.bind(path)), closing(t, UnixDatagram.unbound())]
  for (const sender of senders) sender.connect(server.localAddr())
  t.is(
    server.recvAll(buffer, () => t.fail()),
    0,
  )
  for (const [n, body] of ['a', '', 'too long for it', 'bc'].entries()) {
    senders[n % 2]!.send(Buffer.from(body))
  }
  const found: [string, string | undefined][] = []
  const take = (count: number, from: UnixAddr): void => {
    const whole = count > buffer.length ? '…' : ''
    found.push([buffer.toString('latin1', 0, Math.min(count, 8)) + whole, from.path])
  }
  t.is(server.recvAll(buffer, take), 4)
  t.deepEqual(found, [
    ['a', path],
    ['', undefined],
    ['too long…', path],
    ['bc', undefined],
  ])
  t.is(server.recvAll(buffer, take), 0)
})

unix('recvAll ends early for false alone, and goes on from there', (t) => {
  const socket = waiting(t, ['1', '2', '3', '4', '5', '6'])
  const answers: unknown[] = [undefined, 0, false, null, '', false]
  for (let round = 0; round < 2; round += 1) {
    t.is(
      socket.recvAll(buffer, () => answers.shift()),
      3,
    )
  }
  t.is(socket.recv(buffer), null)
})

unix('a Unix datagram socket can be closed, or given away, while recvAll goes on', (t) => {
  for (const end of ['close', 'intoRawFd']) {
    const socket = waiting(t, ['1', '2', '3'])
    let runs = 0
    const count = socket.recvAll(buffer, () => {
      runs += 1
      if (runs < 2) return
      const fd = end === 'close' ? (socket.close(), null) : socket.intoRawFd()
      if (fd !== null) closing(t, UnixDatagram.fromRawFd(fd))
    })
    t.deepEqual([count, runs], [2, 2])
    throwsCode(t, 'ERR_SOURCE_CLOSED', () => socket.recvAll(buffer, () => t.fail()))
  }
})

unix('what the callback of recvAll throws passes through, and the rest waits', (t) => {
  const socket = waiting(t, ['1', '2'])
  const mine = new Error('mine')
  const thrown = t.throws(() =>
    socket.recvAll(buffer, () => {
      throw mine
    }),
  )
  t.is(thrown, mine)
  t.is(socket.recv(buffer), 1)
  t.is(buffer.toString('latin1', 0, 1), '2')
  for (const callback of [undefined, null, 5, {}, 'x', Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.recvAll(buffer, callback as never))
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.recvAll('text' as never, () => true))
})

unix('recvAll ends after a shutdown, and what had arrived comes before', (t) => {
  for (const how of [Shutdown.Read, Shutdown.Both]) {
    const socket = waiting(t, ['1', '2'])
    socket.shutdown(how)
    // macOS drops what has arrived.
    const arrived = socket.recvAll(buffer, (count) => t.is(count, 1))
    if (process.platform === 'linux') t.is(arrived, 2)
    t.is(
      socket.recvAll(buffer, () => t.fail()),
      0,
    )
  }
})
