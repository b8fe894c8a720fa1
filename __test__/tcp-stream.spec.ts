import { readSync } from 'node:fs'
import test from 'ava'
import { Interest, TcpStream } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily } from './support/families.js'
import { unix } from './support/platforms.js'
import {
  type Calls,
  refusesAfterClose,
  refusesReceivers,
  sourceCalls,
} from './support/receivers.js'
import { closing, listener, noEvent, pair, poller, readExactly, watch } from './support/sockets.js'

eachFamily((run, family, address) => {
  run('what one end writes the other one reads', async (t) => {
    const [client, server] = await pair(t, address)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      t.is(to.read(Buffer.alloc(8)), null)
      t.is(from.write(Buffer.from('hello')), 5)
      from.flush()
      t.is((await readExactly(to, 5)).toString(), 'hello')
      t.is(to.read(Buffer.alloc(8)), null)
    }
  })

  run('both ends know the addresses of both', async (t) => {
    const [client, server] = await pair(t, address)
    t.deepEqual(client.localAddr(), server.peerAddr())
    t.deepEqual(client.peerAddr(), server.localAddr())
    t.is(client.localAddr().family, family)
    t.not(client.localAddr().port, client.peerAddr().port)
  })

  run('ttl can be read and set', async (t) => {
    const [client, server] = await pair(t, address)
    const before = server.ttl()
    for (const ttl of [1, 42, 255]) {
      client.setTtl(ttl)
      t.is(client.ttl(), ttl)
    }
    t.is(server.ttl(), before)
    for (const ttl of [0, 256, -1, 1.5, NaN, 2 ** 32 + 42]) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => {
        client.setTtl(ttl)
      })
    }
    for (const ttl of ['42', 42n, null, undefined, Symbol('s')]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        client.setTtl(ttl as unknown as number)
      })
    }
    t.is(client.ttl(), 255)
  })
})

test('read takes no more than there is room for, and leaves the rest', async (t) => {
  const [client, server] = await pair(t)
  client.write(Buffer.from('abcdef'))
  const buffer = Buffer.alloc(4, '.')
  t.is((await readExactly(server, 1)).toString(), 'a')
  t.is(server.read(buffer), 4)
  t.is(buffer.toString(), 'bcde')
  t.is(server.read(buffer), 1)
  t.is(buffer.toString(), 'fcde')
  t.is(server.read(buffer), null)
  t.is(buffer.toString(), 'fcde')
})

test('peek leaves the bytes to be read again', async (t) => {
  const [client, server] = await pair(t)
  const buffer = Buffer.alloc(8)
  t.is(server.peek(buffer), null)
  client.write(Buffer.from('xhello'))
  await readExactly(server, 1)
  for (let n = 0; n < 3; n += 1) {
    buffer.fill(0)
    t.is(server.peek(buffer), 5)
    t.is(buffer.toString('latin1', 0, 5), 'hello')
  }
  t.is(server.peek(buffer, 6), 2)
  t.is(buffer.toString('latin1', 6), 'he')
  t.is(server.read(buffer), 5)
  t.is(server.peek(buffer), null)
})

test('readVectored fills buffers in order, as far as there are bytes', async (t) => {
  const [client, server] = await pair(t)
  const buffers = [3, 0, 2, 4].map((length) => Buffer.alloc(length, '.'))
  t.is(server.readVectored(buffers), null)
  client.write(Buffer.from('xabcdef'))
  await readExactly(server, 1)
  t.is(server.readVectored(buffers), 6)
  t.is(buffers.join('|'), 'abc||de|f...')
  t.is(server.readVectored(buffers), null)
})

test('writeVectored sends buffers in order', async (t) => {
  const [client, server] = await pair(t)
  const buffers = ['abc', '', 'de', 'f'].map((text) => Buffer.from(text))
  t.is(client.writeVectored(buffers), 6)
  t.is((await readExactly(server, 6)).toString(), 'abcdef')
})

test('a read or write of nothing is 0, whatever the state, and is not the end', async (t) => {
  const [client, server] = await pair(t)
  const none = Buffer.alloc(0)
  const some = Buffer.alloc(4)
  for (let n = 0; n < 2; n += 1) {
    t.is(server.read(none), 0)
    t.is(server.read(some, 4), 0)
    t.is(server.read(some, 0, 0), 0)
    t.is(server.peek(none), 0)
    t.is(server.readVectored([]), 0)
    t.is(server.readVectored([none, none]), 0)
    t.is(client.write(none), 0)
    t.is(client.write(some, 2, 0), 0)
    t.is(client.writeVectored([]), 0)
    t.is(client.writeVectored([none]), 0)
    if (n === 0) {
      t.is(server.read(some), null)
      client.write(Buffer.from('xy'))
      t.is((await readExactly(server, 1)).toString(), 'x')
    }
  }
  t.is((await readExactly(server, 1)).toString(), 'y')
  t.is(server.read(some), null)
})

test('an offset and a length choose a part of the buffer, in bytes', async (t) => {
  const [client, server] = await pair(t)
  const bytes = Buffer.from('0123456789')
  t.is(client.write(bytes, 8), 2)
  t.is(client.write(bytes, 2, 3), 3)
  t.is(client.write(bytes, undefined, 1), 1)
  t.is(client.write(bytes, 10), 0)
  t.is((await readExactly(server, 6)).toString(), '892340')

  client.write(Buffer.from('xabcdefgh'))
  await readExactly(server, 1)
  const buffer = Buffer.alloc(8, '.')
  t.is(server.read(buffer, 2, 3), 3)
  t.is(buffer.toString(), '..abc...')
  t.is(server.read(buffer, 7), 1)
  t.is(buffer.toString(), '..abc..d')
  t.is(server.read(buffer, undefined, 1), 1)
  t.is(buffer.toString(), 'e.abc..d')
  t.is(server.peek(buffer, 4, 2), 2)
  t.is(buffer.toString(), 'e.abfg.d')
  t.is((await readExactly(server, 3)).toString(), 'fgh')
})

const badParts: readonly (readonly [offset: unknown, length: unknown, code: string])[] = [
  [9, undefined, 'ERR_OUT_OF_RANGE'],
  [9, 0, 'ERR_OUT_OF_RANGE'],
  [0, 9, 'ERR_OUT_OF_RANGE'],
  [4, 5, 'ERR_OUT_OF_RANGE'],
  [-1, undefined, 'ERR_OUT_OF_RANGE'],
  [-1, 4, 'ERR_OUT_OF_RANGE'],
  [0, -1, 'ERR_OUT_OF_RANGE'],
  [-4, 8, 'ERR_OUT_OF_RANGE'],
  [8, -8, 'ERR_OUT_OF_RANGE'],
  [1.5, undefined, 'ERR_OUT_OF_RANGE'],
  [1.5, 2, 'ERR_OUT_OF_RANGE'],
  [0, 1.5, 'ERR_OUT_OF_RANGE'],
  [0.5, 0.5, 'ERR_OUT_OF_RANGE'],
  [NaN, undefined, 'ERR_OUT_OF_RANGE'],
  [NaN, 1, 'ERR_OUT_OF_RANGE'],
  [0, NaN, 'ERR_OUT_OF_RANGE'],
  [Infinity, 0, 'ERR_OUT_OF_RANGE'],
  [0, Infinity, 'ERR_OUT_OF_RANGE'],
  [-Infinity, Infinity, 'ERR_OUT_OF_RANGE'],
  [2 ** 32, 0, 'ERR_OUT_OF_RANGE'],
  [2 ** 32, 1, 'ERR_OUT_OF_RANGE'],
  [0, 2 ** 32 + 4, 'ERR_OUT_OF_RANGE'],
  [1, 2 ** 53 - 1, 'ERR_OUT_OF_RANGE'],
  [2 ** 53, 2 ** 53, 'ERR_OUT_OF_RANGE'],
  [2 ** 64, 0, 'ERR_OUT_OF_RANGE'],
  ['1', undefined, 'ERR_INVALID_ARG_TYPE'],
  [0, '1', 'ERR_INVALID_ARG_TYPE'],
  [{}, 1, 'ERR_INVALID_ARG_TYPE'],
  [0, [1], 'ERR_INVALID_ARG_TYPE'],
  [true, 1, 'ERR_INVALID_ARG_TYPE'],
  [0, 1n, 'ERR_INVALID_ARG_TYPE'],
  [0, Symbol('s'), 'ERR_INVALID_ARG_TYPE'],
  [new Date(0), undefined, 'ERR_INVALID_ARG_TYPE'],
  [() => 1, undefined, 'ERR_INVALID_ARG_TYPE'],
  [1n, undefined, 'ERR_INVALID_ARG_TYPE'],
  [Symbol('s'), undefined, 'ERR_INVALID_ARG_TYPE'],
]

for (const [offset, length, code] of badParts) {
  const what = [offset, length].map((value) => `${typeof value} ${String(value)}`).join(', ')
  test(`a part that is not inside the buffer is refused: ${what}`, async (t) => {
    const [client, server] = await pair(t)
    client.write(Buffer.from('12345678'))
    await readExactly(server, 1)
    const memory = Buffer.alloc(32, 0xee)
    const view = memory.subarray(12, 20)
    const part = [offset, length] as [number, number]
    throwsCode(t, code, () => server.read(view, ...part))
    throwsCode(t, code, () => server.peek(view, ...part))
    throwsCode(t, code, () => server.write(view, ...part))
    t.deepEqual(memory, Buffer.alloc(32, 0xee))
    t.is(client.read(Buffer.alloc(1)), null)
    t.is((await readExactly(server, 7)).toString(), '2345678')
  })
}

test('nodelay can be read and set', async (t) => {
  const [client, server] = await pair(t)
  t.false(client.nodelay())
  for (const nodelay of [true, true, false, true]) {
    client.setNodelay(nodelay)
    t.is(client.nodelay(), nodelay)
  }
  t.false(server.nodelay())
  for (const nodelay of [0, 1, 'true', null, undefined, {}, 1n, Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      client.setNodelay(nodelay as boolean)
    })
  }
  t.true(client.nodelay())
})

test('a healthy stream has no pending error', async (t) => {
  const [client, server] = await pair(t)
  t.is(client.takeError(), null)
  t.is(server.takeError(), null)
})

test('tryIo gives back what the operation does', async (t) => {
  const [client] = await pair(t)
  const object = {}
  for (const result of [5, 0, '', false, object, undefined, NaN]) {
    t.is(
      client.tryIo(() => result),
      result,
    )
  }
  t.is(
    client.tryIo(() => null),
    null,
  )
  const mine = new Error('mine')
  t.is(
    t.throws(() =>
      client.tryIo(() => {
        throw mine
      }),
    ),
    mine,
  )
  for (const operation of [undefined, null, 5, {}, 'x', Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => client.tryIo(operation as never))
  }
})

unix('tryIo reads by the descriptor, and events go on after null', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, server, 1, Interest.READABLE)
  const buffer = Buffer.alloc(8)
  const readRaw = (): number | null =>
    server.tryIo(() => {
      try {
        return readSync(server.asRawFd(), buffer)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null
        throw error
      }
    })
  for (const text of ['one', 'three']) {
    t.is(readRaw(), null)
    client.write(Buffer.from(text))
    t.is(await poll.pollAsync(events, { timeout: 1000 }), 1)
    t.is(readRaw(), text.length)
    t.is(buffer.toString('latin1', 0, text.length), text)
  }
})

test('tryIo of a closed stream throws and does not run the operation', async (t) => {
  const [client] = await pair(t)
  client.close()
  let runs = 0
  for (const result of [null, 5]) {
    throwsCode(t, 'ERR_SOURCE_CLOSED', () =>
      client.tryIo(() => {
        runs += 1
        return result
      }),
    )
  }
  t.is(runs, 0)
})

test('a stream can be closed inside its tryIo', async (t) => {
  const [client, server] = await pair(t)
  t.is(
    client.tryIo(() => {
      client.close()
      return 5
    }),
    5,
  )
  throwsCode(t, 'ERR_SOURCE_CLOSED', () =>
    server.tryIo(() => {
      server.close()
      return null
    }),
  )
})

function calls(t: Parameters<typeof poller>[0]): Calls {
  const { registry } = poller(t).poll
  const buffer = Buffer.alloc(1)
  return {
    finishConnect: [],
    read: [buffer],
    readAll: [buffer, () => {}],
    share: [],
    peek: [buffer],
    write: [buffer],
    readVectored: [[buffer]],
    writeVectored: [[buffer]],
    flush: [],
    shutdown: [0],
    peerAddr: [],
    nodelay: [],
    setNodelay: [true],
    ...sourceCalls(registry),
  }
}

test('every method of a closed stream throws, and closing again does nothing', async (t) => {
  const [client] = await pair(t)
  client.close()
  client.close()
  client[Symbol.dispose]()
  refusesAfterClose(t, client, calls(t))
})

test('using closes a stream', async (t) => {
  const [client] = await pair(t)
  {
    using stream = client
    t.is(stream.takeError(), null)
  }
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => client.localAddr())
})

test('closing a registered stream ends its events', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1)
  t.is(poll.poll(events, 1000), 1)
  client.close()
  server.write(Buffer.from('x'))
  noEvent(t, poll, events)
})

test('no method works on another receiver', async (t) => {
  const [client, server] = await pair(t)
  const other = listener(t)
  refusesReceivers(t, client, other, { ...calls(t), tryIo: [() => null], close: [] })
  t.is(other.accept(), null)
  t.is(client.write(Buffer.from('x')), 1)
  t.is((await readExactly(server, 1)).toString(), 'x')
})

for (const [name, args] of Object.entries({
  read: [Buffer.alloc(1)],
  write: [Buffer.alloc(1)],
  shutdown: [0],
  peerAddr: [],
  setNodelay: [true],
  tryIo: [() => null],
  finishConnect: [],
})) {
  test(`${name} of a listener is ERR_INVALID_THIS`, (t) => {
    const method = TcpStream.prototype[name as 'read'] as (...args: unknown[]) => unknown
    const error = throwsCode(t, 'ERR_INVALID_THIS', () => method.apply(listener(t), args))
    t.true(error instanceof TypeError)
  })
}

test('a stream is made by connect, accept and fromRawFd alone', (t) => {
  const Constructor = TcpStream as unknown as new (...args: unknown[]) => TcpStream
  class Mine extends Constructor {}
  for (const make of [
    () => new Constructor(),
    () => new Constructor(1, Symbol('IoSource')),
    () => new Mine(1),
    () => Reflect.construct(TcpStream, [1], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
  t.throws(() => (TcpStream as unknown as () => void)(), { instanceOf: TypeError })
  const { connect } = TcpStream
  closing(t, connect(listener(t).localAddr()))
})
