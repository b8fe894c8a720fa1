import { closeSync, openSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { TcpListener, TcpStream, UdpSocket } from 'mio-js'
import { type View, detach, resizable } from './support/bytes.js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { unix } from './support/platforms.js'
import { closing, listener, pair } from './support/sockets.js'
import { received, udp, udpPair, waiting } from './support/udp.js'
import { statOf } from './support/raw.js'

/** Every operation on one buffer. */
const operations: Readonly<Record<string, (socket: UdpSocket, view: View) => unknown>> = {
  recv: (socket, view) => socket.recv(view),
  recvFrom: (socket, view) => socket.recvFrom(view),
  peek: (socket, view) => socket.peek(view),
  peekFrom: (socket, view) => socket.peekFrom(view),
  recvAll: (socket, view) => socket.recvAll(view, () => {}),
  send: (socket, view) => socket.send(view),
  sendTo: (socket, view) => socket.sendTo(view, socket.localAddr()),
  'recv from an offset': (socket, view) => socket.recv(view, 0),
  'sendTo, a part': (socket, view) => socket.sendTo(view, socket.localAddr(), 0, 1),
}

async function isRefused(t: ExecutionContext, code: string, value: unknown): Promise<void> {
  const socket = udp(t)
  await waiting(t, socket, ['kept'])
  for (const [name, operation] of Object.entries(operations)) {
    const error = throwsCode(t, code, () => operation(socket, value as View))
    t.true(error instanceof TypeError, name)
  }
  t.is((await received(socket))[0], 'kept')
  t.is(socket.recv(Buffer.alloc(1)), null)
}

for (const [what, value] of Object.entries({
  undefined,
  null: null,
  'a string': 'abcd',
  'a number': 4,
  'a bigint': 4n,
  'a symbol': Symbol('s'),
  'a function': () => Buffer.alloc(4),
  'an array of bytes': [1, 2, 3],
  'an array of views': [Buffer.alloc(4)],
  'a plain object': { length: 4, byteLength: 4, 0: 1 },
  'an ArrayBuffer': new ArrayBuffer(4),
  'a Proxy of a view': new Proxy(Buffer.alloc(4), {}),
  'shared memory': new Uint8Array(new SharedArrayBuffer(4)),
})) {
  test(`what is no buffer is refused, and no datagram is lost: ${what}`, async (t) => {
    await isRefused(t, 'ERR_INVALID_ARG_TYPE', value)
  })
}

test('a detached buffer is an error, and no datagram is lost', async (t) => {
  for (const view of [
    new Uint8Array(new ArrayBuffer(16)),
    new Float64Array(new ArrayBuffer(16)),
    new DataView(new ArrayBuffer(16)),
  ]) {
    detach(view)
    await isRefused(t, 'ERR_BUFFER_DETACHED', view)
  }
})

test('a part that is not inside the buffer is refused, and no datagram is lost', async (t) => {
  const socket = udp(t)
  await waiting(t, socket, ['kept'])
  const memory = Buffer.alloc(32, 0xee)
  const view = memory.subarray(12, 20)
  const to = socket.localAddr()
  for (const [offset, length, code] of [
    [9, undefined, 'ERR_OUT_OF_RANGE'],
    [0, 9, 'ERR_OUT_OF_RANGE'],
    [4, 5, 'ERR_OUT_OF_RANGE'],
    [-1, undefined, 'ERR_OUT_OF_RANGE'],
    [-4, 8, 'ERR_OUT_OF_RANGE'],
    [8, -8, 'ERR_OUT_OF_RANGE'],
    [1.5, undefined, 'ERR_OUT_OF_RANGE'],
    [0, 0.5, 'ERR_OUT_OF_RANGE'],
    [NaN, 1, 'ERR_OUT_OF_RANGE'],
    [0, NaN, 'ERR_OUT_OF_RANGE'],
    [Infinity, 0, 'ERR_OUT_OF_RANGE'],
    [-Infinity, Infinity, 'ERR_OUT_OF_RANGE'],
    [2 ** 32, 0, 'ERR_OUT_OF_RANGE'],
    [0, 2 ** 32 + 4, 'ERR_OUT_OF_RANGE'],
    [2 ** 53, 2 ** 53, 'ERR_OUT_OF_RANGE'],
    ['1', undefined, 'ERR_INVALID_ARG_TYPE'],
    [0, '1', 'ERR_INVALID_ARG_TYPE'],
    [0, null, 'ERR_INVALID_ARG_TYPE'],
    [1n, undefined, 'ERR_INVALID_ARG_TYPE'],
    [Symbol('s'), 1, 'ERR_INVALID_ARG_TYPE'],
  ] as const) {
    const part = [offset, length] as [number, number]
    throwsCode(t, code, () => socket.recv(view, ...part))
    throwsCode(t, code, () => socket.recvFrom(view, ...part))
    throwsCode(t, code, () => socket.peek(view, ...part))
    throwsCode(t, code, () => socket.peekFrom(view, ...part))
    throwsCode(t, code, () => socket.send(view, ...part))
    throwsCode(t, code, () => socket.sendTo(view, to, ...part))
  }
  t.deepEqual(memory, Buffer.alloc(32, 0xee))
  t.is((await received(socket))[0], 'kept')
  t.is(socket.recv(Buffer.alloc(1)), null)
})

test('a buffer that shrank is filled as far as it goes', async (t) => {
  const socket = udp(t)
  await waiting(t, socket, ['abcdef'])
  const memory = resizable(16, 16)
  const view = new Uint8Array(memory)
  memory.resize(4)
  t.true(socket.recv(view)! > 4)
  t.is(Buffer.from(view).toString(), 'abcd')
  memory.resize(16)
  t.true(view.subarray(4).every((byte) => byte === 0))
})

test('what is no address is refused by every method that takes one', (t) => {
  const socket = udp(t)
  for (const call of [
    (address: string) => UdpSocket.bind(address).close(),
    (address: string) => {
      socket.connect(address)
    },
    (address: string) => socket.sendTo(Buffer.alloc(1), address),
  ]) {
    for (const [code, address] of [
      ['ERR_INVALID_ADDRESS', ''],
      ['ERR_INVALID_ADDRESS', '127.0.0.1'],
      ['ERR_INVALID_ADDRESS', 'localhost:9'],
      ['ERR_INVALID_ADDRESS', '::1:9'],
      ['ERR_INVALID_ADDRESS', '0177.0.0.1:9'],
      ['ERR_INVALID_ADDRESS', { address: 'x'.repeat(5000), port: 9 }],
      ['ERR_SOCKET_BAD_PORT', '127.0.0.1:65536'],
      ['ERR_SOCKET_BAD_PORT', { address: '127.0.0.1', port: 1.5 }],
      ['ERR_SOCKET_BAD_PORT', { address: '127.0.0.1' }],
      ['ERR_INVALID_ARG_TYPE', { address: 5, port: 9 }],
      ['ERR_INVALID_ARG_TYPE', undefined],
      ['ERR_INVALID_ARG_TYPE', null],
      ['ERR_INVALID_ARG_TYPE', 9],
      ['ERR_INVALID_ARG_TYPE', Symbol('s')],
      ['ERR_OUT_OF_RANGE', { address: '::1', port: 9, scopeId: -1 }],
    ] as const) {
      throwsCode(t, code, () => {
        call(address as string)
      })
    }
  }
  throwsCode(t, 'ENOTCONN', () => socket.peerAddr())
})

unix('only a descriptor of a UDP socket is taken, and others stay as they are', async (t) => {
  const [stream] = await pair(t)
  const fds = [listener(t), stream].map((source) => source.asRawFd())
  for (const fd of fds) throwsCode(t, 'ERR_FD_OWNED', () => UdpSocket.fromRawFd(fd))
  const socket = udp(t)
  throwsCode(t, 'ERR_FD_OWNED', () => UdpSocket.fromRawFd(socket.asRawFd()))
  throwsCode(t, 'ERR_FD_OWNED', () => TcpStream.fromRawFd(socket.asRawFd()))
  const given = { tcp: TcpListener.bind('127.0.0.1:0').intoRawFd(), udp: udp(t).intoRawFd() }
  const file = openSync(import.meta.filename, 'r')
  t.teardown(() => {
    for (const fd of [given.tcp, given.udp, file]) closeSync(fd)
  })
  throwsCode(t, 'ERR_INVALID_FD_TYPE', () => UdpSocket.fromRawFd(given.tcp))
  throwsCode(t, 'ERR_INVALID_FD_TYPE', () => TcpListener.fromRawFd(given.udp))
  throwsCode(t, 'ERR_INVALID_FD_TYPE', () => TcpStream.fromRawFd(given.udp))
  throwsCode(t, 'ENOTSOCK', () => UdpSocket.fromRawFd(file))
  throwsCode(t, 'EBADF', () => UdpSocket.fromRawFd(2 ** 31 - 1))
  for (const fd of [-1, 2 ** 31, 1.5, NaN, Infinity]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => UdpSocket.fromRawFd(fd))
  }
  for (const fd of ['3', 3n, null, undefined, {}, Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => UdpSocket.fromRawFd(fd as number))
  }
  for (const fd of [given.tcp, given.udp, file]) t.notThrows(() => statOf(fd))
})

unix('a socket goes into a descriptor and back with what it holds', async (t) => {
  const [first, second] = udpPair(t)
  const [at, peer] = [first.localAddr(), first.peerAddr()]
  first.setBroadcast(true)
  second.send(Buffer.from('kept'))
  const again = closing(t, UdpSocket.fromRawFd(first.intoRawFd()))
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => first.recv(Buffer.alloc(1)))
  t.deepEqual([again.localAddr(), again.peerAddr(), again.broadcast()], [at, peer, true])
  t.is((await received(again))[0], 'kept')
  t.is(again.recv(Buffer.alloc(1)), null)
  const error = throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () =>
    UdpSocket.fromRawSocket(0),
  )
  t.true(error instanceof TypeError)
})
