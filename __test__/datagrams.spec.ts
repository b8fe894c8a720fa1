import test from 'ava'
import { Datagrams, UdpSocket } from 'mio-js'
import { native } from '#src/binding.js'
import { failure } from '#src/errors.js'
import { detach, resizable } from './support/bytes.js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily } from './support/families.js'
import { listener } from './support/sockets.js'
import { received, soon, texts, udp, udpPair, waiting } from './support/udp.js'

const bodies = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${n}`.repeat(n % 3))

eachFamily((run, family, address) => {
  run('many datagrams of many senders are received and echoed by one call each', async (t) => {
    const server = udp(t, address)
    const clients = Array.from({ length: 20 }, () => udp(t, address))
    const datagrams = new Datagrams({ count: 64, size: 16 })
    t.is(server.recvMany(datagrams), null)
    for (const [n, client] of clients.entries()) {
      client.sendTo(Buffer.from(`from ${n}`), server.localAddr())
    }
    let echoed = 0
    while (echoed < clients.length) {
      const count = await soon(() => server.recvMany(datagrams))
      for (let index = 0; index < count; index += 1) {
        const from = datagrams.addressAt(index)!
        const client = clients.findIndex((one) => one.localAddr().port === from.port)
        t.deepEqual(from, clients[client]!.localAddr())
        t.is(from.family, family)
        t.is(datagrams.bytesAt(index).toString(), `from ${client}`)
        t.is(datagrams.lengthAt(index), `from ${client}`.length)
        t.false(datagrams.isTruncatedAt(index))
      }
      t.is(server.sendMany(datagrams, count), count)
      echoed += count
    }
    t.is(server.recvMany(datagrams), null)
    for (const [n, client] of clients.entries()) {
      t.deepEqual(await received(client), [`from ${n}`, server.localAddr()])
    }
  })

  run('set makes a datagram for an address', async (t) => {
    const [client, first, second] = [udp(t, address), udp(t, address), udp(t, address)]
    const datagrams = new Datagrams({ count: 3, size: 8 })
    t.is(datagrams.addressAt(1), null)
    datagrams.set(0, Buffer.from('one'), first.localAddr())
    datagrams.set(1, new Uint16Array(0), second.localAddr().toString())
    datagrams.set(2, new DataView(new Uint8Array([0, 65, 66]).buffer, 1), first.localAddr())
    t.deepEqual(datagrams.addressAt(1), second.localAddr())
    t.deepEqual([...datagrams.lengths], [3, 0, 2])
    t.is(client.sendMany(datagrams), 3)
    t.deepEqual(await received(first), ['one', client.localAddr()])
    t.deepEqual(await received(first), ['AB', client.localAddr()])
    t.deepEqual(await received(second), ['', client.localAddr()])
  })
})

test('more datagrams than there is room for come with the next calls, in order', async (t) => {
  const server = udp(t)
  const all = bodies(200)
  await waiting(t, server, all)
  for (const count of [1, 7, 64, 1024]) {
    const datagrams = new Datagrams({ count, size: 16 })
    const got = await soon(() => server.recvMany(datagrams))
    t.true(got <= count)
    t.deepEqual(texts(datagrams, got), all.splice(0, got))
  }
  t.deepEqual(all, [])
})

test('a datagram that is cut shows, and is not echoed', async (t) => {
  const server = udp(t)
  const datagrams = new Datagrams({ count: 4, size: 4 })
  datagrams.buffer.fill('.')
  const sender = await waiting(t, server, ['abcd', 'abcde', 'x', ''])
  t.is(server.recvMany(datagrams), 4)
  t.deepEqual(
    [0, 1, 2, 3].map((index) => datagrams.isTruncatedAt(index)),
    [false, true, false, false],
  )
  t.is(datagrams.lengthAt(1), 5)
  t.deepEqual(texts(datagrams, 4), ['abcd', 'abcd', 'x', ''])
  t.is(datagrams.buffer.toString(), 'abcdabcdx.......')
  t.deepEqual(datagrams.addressAt(1), sender)
  t.is(server.sendMany(datagrams, 4), 1)
  const error = throwsCode(t, 'ERR_OUT_OF_RANGE', () => server.sendMany(datagrams, 3, 1))
  t.true(error instanceof RangeError)
  t.is(server.sendMany(datagrams, 2, 2), 2)
})

test('count and start choose a part, by default all of it', async (t) => {
  const [client, server] = udpPair(t)
  const datagrams = new Datagrams({ count: 5, size: 8 })
  for (let n = 0; n < 5; n += 1) datagrams.set(n, Buffer.from(`${n}`))
  for (const [args, expected] of [
    [[], '01234'],
    [[2], '01'],
    [[undefined, 3], '34'],
    [[1, 4], '4'],
    [[2, 1], '12'],
    [[0], ''],
    [[0, 5], ''],
    [[undefined, 5], ''],
  ] as const) {
    t.is(client.sendMany(datagrams, ...args), expected.length)
    for (const text of expected) t.is((await received(server))[0], text)
  }
  for (const [count, start] of [
    [6, 0],
    [5, 1],
    [-1, 0],
    [1, -1],
    [1, 6],
    [1.5, 0],
    [NaN, 0],
    [1, NaN],
    [Infinity, 0],
    [2 ** 32 + 1, 0],
    [1, 2 ** 32],
  ] as const) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => client.sendMany(datagrams, count, start))
  }
  for (const value of ['1', 1n, {}, true, Symbol('s'), () => 1]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => client.sendMany(datagrams, value as never))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => client.sendMany(datagrams, 1, value as never))
  }
  t.is(server.recv(Buffer.alloc(1)), null)
})

test('an error ends a batch before its datagram, and is thrown by the call for the rest', async (t) => {
  const [client, server] = [udp(t), udp(t)]
  const datagrams = new Datagrams({ count: 6, size: 8 })
  for (let n = 0; n < 6; n += 1) datagrams.set(n, Buffer.from(`${n}`), server.localAddr())
  datagrams.set(2, Buffer.from('2'), '[::1]:9')
  datagrams.lengths[4] = 9
  const outcomes: unknown[] = []
  for (let start = 0; start < 6;) {
    try {
      const sent = client.sendMany(datagrams, 6 - start, start)!
      outcomes.push(sent)
      start += sent
    } catch (error) {
      outcomes.push((error as NodeJS.ErrnoException).code)
      start += 1
    }
  }
  t.is(outcomes.splice(3, 1)[0], 'ERR_OUT_OF_RANGE')
  t.regex(String(outcomes.splice(1, 1)[0]), /^E(AFNOSUPPORT|INVAL|FAULT)$/)
  t.deepEqual(outcomes, [2, 1, 1])
  for (const text of ['0', '1', '3', '5']) t.is((await received(server))[0], text)
  t.is(server.recv(Buffer.alloc(1)), null)
})

test('without an address a datagram goes to the peer, or is an error', async (t) => {
  const [client, server] = [udp(t), udp(t)]
  const datagrams = new Datagrams({ count: 2, size: 8 })
  datagrams.set(0, Buffer.from('x'), server.localAddr())
  datagrams.set(0, Buffer.from('y'))
  t.is(datagrams.addressAt(0), null)
  const error = t.throws<NodeJS.ErrnoException>(() => client.sendMany(datagrams, 1))
  t.regex(error?.code ?? '', /^(EDESTADDRREQ|ENOTCONN)$/)
  t.is(error?.syscall, 'sendmmsg')
  client.connect(server.localAddr())
  t.is(client.sendMany(datagrams, 1), 1)
  t.deepEqual(await received(server), ['y', client.localAddr()])
})

test('what memory there is can be chosen', (t) => {
  const usual = new Datagrams()
  t.deepEqual([usual.count, usual.size], [64, 2048])
  t.deepEqual([usual.buffer.length, usual.lengths.length], [64 * 2048, 64])
  const { count, size } = new Datagrams({ count: undefined, size: 65_535 })
  t.deepEqual([count, size], [64, 65_535])
  t.is(new Datagrams({ count: 1024, size: 1 }).buffer.length, 1024)
  for (const options of [
    { count: 0 },
    { count: 1025 },
    { count: 1.5 },
    { count: NaN },
    { size: 0 },
    { size: -1 },
    { size: 65_536 },
    { size: 2 ** 32 + 1 },
  ]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => new Datagrams(options))
  }
  for (const options of [null, 5, 'x', { count: '5' }, { size: 5n }, () => {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new Datagrams(options as never))
  }
  const inherited = Object.create({ count: 1 }) as object
  t.is(new Datagrams(inherited).count, 64)
})

test('an index is one of those that there are', (t) => {
  const datagrams = new Datagrams({ count: 4, size: 8 })
  const methods = [
    (index: number) => datagrams.lengthAt(index),
    (index: number) => datagrams.bytesAt(index),
    (index: number) => datagrams.addressAt(index),
    (index: number) => datagrams.isTruncatedAt(index),
    (index: number) => {
      datagrams.set(index, Buffer.alloc(1))
    },
  ]
  for (const method of methods) {
    for (const index of [-1, 4, 1.5, NaN, Infinity, 2 ** 32]) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => method(index))
    }
    for (const index of ['1', 1n, null, undefined, {}, Symbol('s')]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => method(index as number))
    }
  }
  t.deepEqual([...datagrams.lengths], [0, 0, 0, 0])
})

test('set refuses what is no datagram, and changes nothing then', (t) => {
  const datagrams = new Datagrams({ count: 2, size: 4 })
  datagrams.set(1, Buffer.from('good'), '127.0.0.1:9')
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
    datagrams.set(1, Buffer.alloc(5))
  })
  const gone = Buffer.from(new ArrayBuffer(4))
  detach(gone)
  for (const [code, bytes] of [
    ['ERR_BUFFER_DETACHED', gone],
    ['ERR_INVALID_ARG_TYPE', new Uint8Array(new SharedArrayBuffer(4))],
    ['ERR_INVALID_ARG_TYPE', 'text'],
    ['ERR_INVALID_ARG_TYPE', null],
    ['ERR_INVALID_ARG_TYPE', [1, 2]],
    ['ERR_INVALID_ARG_TYPE', new ArrayBuffer(4)],
    ['ERR_INVALID_ARG_TYPE', { length: 4, byteLength: 4 }],
  ] as const) {
    throwsCode(t, code, () => {
      datagrams.set(1, bytes as Buffer)
    })
  }
  for (const [code, address] of [
    ['ERR_INVALID_ADDRESS', 'localhost:9'],
    ['ERR_INVALID_ADDRESS', '127.0.0.1'],
    ['ERR_INVALID_ADDRESS', { address: '1.2.3', port: 9 }],
    ['ERR_SOCKET_BAD_PORT', { address: '127.0.0.1', port: 65_536 }],
    ['ERR_INVALID_ARG_TYPE', null],
    ['ERR_INVALID_ARG_TYPE', 9],
  ] as const) {
    throwsCode(t, code, () => {
      datagrams.set(1, Buffer.from('bad'), address as string)
    })
  }
  t.is(datagrams.bytesAt(1).toString(), 'good')
  t.is(String(datagrams.addressAt(1)), '127.0.0.1:9')
})

test('recvMany and sendMany take Datagrams alone', (t) => {
  const socket = udp(t)
  const datagrams = new Datagrams()
  const heir = Object.create(datagrams) as Datagrams
  const fake = Object.setPrototypeOf({ ...datagrams }, Datagrams.prototype) as Datagrams
  for (const value of [undefined, null, 5, 'x', {}, [], Buffer.alloc(8), heir, fake, socket]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.recvMany(value as Datagrams))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.sendMany(value as Datagrams))
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.recvMany(new Proxy(datagrams, {})))
  for (const name of ['buffer', 'lengths', 'count', 'size'] as const) {
    t.throws(() => heir[name], { instanceOf: TypeError })
  }
  const server = listener(t)
  const { recvMany, sendMany } = UdpSocket.prototype
  throwsCode(t, 'ERR_INVALID_THIS', () => recvMany.call(server as never, datagrams))
  throwsCode(t, 'ERR_INVALID_THIS', () => sendMany.call(server as never, datagrams, 0))
  socket.close()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => socket.recvMany(datagrams))
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => socket.sendMany(datagrams, 1))
})

test('lengths that were tampered with reach nothing outside of their datagrams', async (t) => {
  const [client, server] = udpPair(t)
  const datagrams = new Datagrams({ count: 2, size: 4 })
  datagrams.buffer.write('aaaabbbb')
  for (const length of [5, 8, 9, 2 ** 31, 2 ** 32 - 1, -1, NaN, 4.9]) {
    datagrams.lengths[0] = length
    const stored = datagrams.lengths[0]
    t.is(datagrams.bytesAt(0).toString(), 'aaaa'.slice(0, stored))
    if (stored > 4) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => client.sendMany(datagrams))
    } else {
      t.is(client.sendMany(datagrams, 1), 1)
      t.is((await received(server))[0], 'aaaa'.slice(0, stored))
    }
  }
  t.is(server.recv(Buffer.alloc(1)), null)
})

for (const part of ['buffer', 'lengths'] as const) {
  test(`${part} that went elsewhere are an error, and no datagram is lost`, async (t) => {
    const server = udp(t)
    await waiting(t, server, ['kept'])
    const datagrams = new Datagrams({ count: 4, size: 16 })
    detach(datagrams[part])
    throwsCode(t, 'ERR_BUFFER_DETACHED', () => server.recvMany(datagrams))
    throwsCode(t, 'ERR_BUFFER_DETACHED', () => server.sendMany(datagrams, 1))
    throwsCode(t, 'ERR_BUFFER_DETACHED', () => datagrams.bytesAt(0))
    throwsCode(t, 'ERR_BUFFER_DETACHED', () => {
      datagrams.set(0, Buffer.from('x'))
    })
    t.is((await received(server))[0], 'kept')
  })
}

test('native code believes no table', async (t) => {
  const socket = native.udpBind('127.0.0.1', 0, 0, 0)
  const server = udp(t)
  t.teardown(() => native.sourceClose(socket))
  const { port } = server.localAddr()
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0xee)
  const lengths = (count: number): Uint32Array => new Uint32Array(count)
  const code = (number: number): string | undefined =>
    number >= 0 ? `${number}` : (failure(number, 'x') as NodeJS.ErrnoException).code
  const memory = new ArrayBuffer(256)
  const shrunk = new Uint8Array(resizable(64, 64))
  ;(shrunk.buffer as unknown as { resize: (length: number) => void }).resize(8)
  const shared = new Uint8Array(new SharedArrayBuffer(64))
  for (const [expected, size, at, table, peers] of [
    ['ERR_OUT_OF_RANGE', 0, bytes(64), lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 33, bytes(64), lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 2 ** 32 - 1, bytes(64), lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 2 ** 32, bytes(64), lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 1.5, bytes(64), lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 32, bytes(64), lengths(3), bytes(84)],
    ['ERR_OUT_OF_RANGE', 32, bytes(64), lengths(2), bytes(55)],
    ['ERR_OUT_OF_RANGE', 32, shrunk, lengths(2), bytes(56)],
    ['ERR_OUT_OF_RANGE', 32, bytes(64), lengths(2), shrunk],
    ['ERR_INVALID_ARG_TYPE', 32, shared, lengths(2), bytes(56)],
    ['ERR_INVALID_ARG_TYPE', 32, bytes(64), lengths(2), shared],
    ['ERR_INVALID_ARG_TYPE', 32, bytes(64), new Uint32Array(shared.buffer), bytes(56)],
    ['ERR_INVALID_ARG_VALUE', 32, new Uint8Array(memory), new Uint32Array(memory, 252), bytes(56)],
    [
      'ERR_INVALID_ARG_VALUE',
      32,
      bytes(64),
      new Uint32Array(memory, 0, 2),
      new Uint8Array(memory, 7, 56),
    ],
  ] as const) {
    t.is(code(native.udpReceiveMany(socket, size, at, table, peers)), expected)
    if (expected === 'ERR_INVALID_ARG_VALUE') continue
    t.is(code(native.udpSendMany(socket, size, 0, 2, at, table, peers)), expected)
  }
  for (const [start, count] of [
    [0, 3],
    [3, 0],
    [2 ** 32 - 1, 2 ** 32 - 1],
  ] as const) {
    const outcome = native.udpSendMany(socket, 8, start, count, bytes(64), lengths(2), bytes(56))
    t.is(code(outcome), 'ERR_OUT_OF_RANGE')
  }
  // A peer of a family that does not exist.
  const outcome = native.udpSendMany(socket, 8, 0, 1, bytes(64), lengths(2), bytes(56))
  t.is(code(outcome), 'ERR_INVALID_ADDRESS')
  t.is(code(native.peerAddress(bytes(28), 0, bytes(64))), 'ERR_INVALID_ADDRESS')
  t.is(code(native.peerAddress(new Uint8Array(28), 1, bytes(64))), 'ERR_OUT_OF_RANGE')
  t.is(code(native.setPeerAddress(new Uint8Array(27), 0)), 'ERR_OUT_OF_RANGE')
  // Memory that is used for two things is only read, so it does no harm.
  const both = new Uint8Array(memory)
  t.is(native.setPeerAddress(both, 1, '127.0.0.1', port, 0, 0), 0)
  const one = new Uint32Array(memory, 0, 1)
  one[0] = 4
  t.is(native.udpSendMany(socket, 4, 0, 1, both, one, both.subarray(28)), 1)
  t.is((await received(server))[0].length, 4)
})
