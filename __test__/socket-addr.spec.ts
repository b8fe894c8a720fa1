import { networkInterfaces } from 'node:os'
import test from 'ava'
import { SocketAddr, type SocketAddrInit, TcpListener, TcpStream } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eachFamily, hasIPv6 } from './support/families.js'
import { acceptOne, closing, listener } from './support/sockets.js'
import { until } from './support/until.js'

/** Everything that takes an address. */
const uses: readonly ((address: never) => void)[] = [
  (address) => new SocketAddr(address),
  (address) => {
    TcpListener.bind(address).close()
  },
  (address) => {
    TcpStream.connect(address).close()
  },
]

const sockets = uses.slice(1)

const strangers = [Symbol('s'), () => {}, 5n, true, undefined, null]

eachFamily((run, family, address) => {
  const host = family === 'IPv4' ? '127.0.0.1' : '::1'

  run('every form of an address means the same', (t) => {
    const init = { address: host, port: 0 }
    const forms: (string | SocketAddrInit)[] = [
      address,
      init,
      new SocketAddr(address),
      new SocketAddr(init),
      new SocketAddr(new SocketAddr(init)),
      Object.freeze({ ...init }),
      Object.assign(Object.create(null) as SocketAddrInit, init),
      { ...init, flowinfo: undefined, scopeId: undefined },
      structuredClone(new SocketAddr(init)),
      JSON.parse(JSON.stringify(new SocketAddr(init))) as SocketAddrInit,
      JSON.parse(`{"__proto__":{"port":1},"address":"${host}","port":0}`) as SocketAddrInit,
    ]
    for (const form of forms) {
      t.like(new SocketAddr(form), { address: host, port: 0, family })
      const bound = listener(t, form as string).localAddr()
      t.like(bound, { address: host, family })
      t.true(bound.port > 0)
    }
  })

  run('an address that comes back can be connected to, in every form', async (t) => {
    const server = listener(t, address)
    const at = server.localAddr()
    t.true(at instanceof SocketAddr)
    for (const form of [at, at.toString(), `${at}`, { ...at }, structuredClone(at)]) {
      const client = closing(t, TcpStream.connect(form))
      closing(t, await acceptOne(server))
      await until('the client is connected', () => client.finishConnect())
      t.deepEqual(client.peerAddr(), at)
    }
  })

  run('an address has the fields of its family, and is frozen', (t) => {
    const fields = { address: host, port: 7000, family }
    const more = family === 'IPv4' ? {} : { flowinfo: 0, scopeId: 0 }
    const made = new SocketAddr({ address: host, port: 7000 })
    t.deepEqual({ ...made }, { ...fields, ...more })
    t.deepEqual(Object.keys(listener(t, address).localAddr()), Object.keys({ ...fields, ...more }))
    for (const addr of [made, listener(t, address).localAddr()]) {
      t.true(Object.isFrozen(addr))
      t.throws(() => Object.assign(addr, { port: 1 }), { instanceOf: TypeError })
    }
  })
})

test('an address can be written as text', (t) => {
  for (const [init, text] of [
    [{ address: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ address: '::1', port: 0 }, '[::1]:0'],
    [{ address: '::1', port: 65_535, flowinfo: 9 }, '[::1]:65535'],
    [{ address: 'fe80::1', port: 80, scopeId: 3 }, '[fe80::1%3]:80'],
    [{ address: 'fe80::1%lo', port: 80 }, '[fe80::1%lo]:80'],
    ['1.2.3.4:5', '1.2.3.4:5'],
    ['[fe80::1%7]:5', '[fe80::1%7]:5'],
  ] as const) {
    t.is(new SocketAddr(init).toString(), text)
    t.is(`${new SocketAddr(text)}`, text)
  }
})

test('the scope in the text of an address wins, in what it is written as too', (t) => {
  const address = new SocketAddr({ address: 'fe80::1%lo', port: 80, scopeId: 7 })
  t.is(address.toString(), '[fe80::1%lo]:80')
})

test('flow information and scope are of IPv6, and kept', (t) => {
  const init = { address: '::1', port: 1, flowinfo: 2 ** 32 - 1, scopeId: 2 ** 32 - 1 }
  t.deepEqual({ ...new SocketAddr(init) }, { ...init, family: 'IPv6' })
  t.deepEqual(Object.keys(new SocketAddr({ ...init, address: '1.2.3.4' })), [
    'address',
    'port',
    'family',
  ])
})

for (const port of [NaN, -1, 65_536, 1.5, '80x', '80', null, undefined, 80n, 2 ** 32 + 80, -0.5]) {
  test(`the port ${String(port)} (${typeof port}) is refused`, (t) => {
    for (const use of uses) {
      for (const address of ['127.0.0.1', '::1']) {
        const error = throwsCode(t, 'ERR_SOCKET_BAD_PORT', () => use({ address, port } as never))
        t.true(error instanceof RangeError)
      }
    }
  })
}

test('a port that is no object of the right kind is refused', (t) => {
  for (const port of [Symbol('s'), () => {}, new Date(0), {}, [80], Infinity, true]) {
    for (const use of uses) {
      throwsCode(t, 'ERR_SOCKET_BAD_PORT', () => use({ address: '127.0.0.1', port } as never))
    }
  }
})

test('text with a bad port is refused', (t) => {
  const ports = ['', '-1', '65536', '99999', '1.5', '80x', ' 80', '80 ', '80\n', '+80', '0x50']
  for (const port of [...ports, '1e3', 'NaN', String(2 ** 32 + 80), '٨٠']) {
    for (const use of uses) {
      for (const host of ['127.0.0.1', '[::1]']) {
        throwsCode(t, 'ERR_SOCKET_BAD_PORT', () => {
          use(`${host}:${port}` as never)
        })
      }
    }
  }
})

const badHosts: Readonly<Record<string, string>> = {
  'nothing at all': '',
  '300 characters': 'a'.repeat(300),
  '300 digits': '1'.repeat(300),
  'NUL alone': '\0',
  'NUL at the end': '127.0.0.1\0',
  'NUL in the middle': '127.0.0.1\0.example.com',
  'a space in front': ' 127.0.0.1',
  'a space behind': '127.0.0.1 ',
  'a line feed behind': '127.0.0.1\n',
  'two numbers': '127.1',
  'one number': '2130706433',
  'octal numbers': '0177.0.0.1',
  'hexadecimal numbers': '0x7f.0.0.1',
  'a number above 255': '256.0.0.1',
  'five numbers': '1.2.3.4.5',
  'digits that are not ASCII': '１２７.0.0.1',
  'a prefix length': '127.0.0.1/8',
  'a port of its own': '127.0.0.1:80',
  brackets: '[::1]',
  'a colon too many': ':::1',
  'a short IPv4 part': '::ffff:127.1',
  'an empty scope': '::1%',
  'a scope of IPv4': '127.0.0.1%lo',
  'a scope above 32 bits': '::1%4294967296',
  'a lone surrogate': '\uD800',
  'a name': 'localhost',
}

for (const [what, address] of Object.entries(badHosts)) {
  test(`a host with ${what} is no address, when it is used`, (t) => {
    const made = new SocketAddr({ address, port: 0 })
    t.is(made.address, address)
    for (const use of sockets) {
      for (const port of [0, 9]) {
        const error = throwsCode(t, 'ERR_INVALID_ADDRESS', () => use({ address, port } as never))
        t.true(error instanceof TypeError)
      }
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        use(made as never)
      })
    }
  })
}

test('a host that is too long never means the address that it begins with', (t) => {
  for (const address of ['::1%0', '127.0.0.1']) {
    for (let length = 240; length < 260; length += 1) {
      for (const end of ['1é', '1€', '1😀', '1x', ' ']) {
        const padded = { address: address + '0'.repeat(length) + end, port: 0 }
        for (const use of sockets) {
          t.throws(() => {
            use(padded as never)
          })
        }
      }
    }
  }
})

test('text that is no address with a port is refused at once', (t) => {
  const texts = ['', '80', '127.0.0.1', '[::1]', '[::1', '[::1]80']
  for (const text of [...texts, '[127.0.0.1]:80', '[]:80', '[[::1]]:80']) {
    for (const use of uses) {
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        use(text as never)
      })
    }
  }
  for (const text of ['localhost:80', '127.1:80', ':80', '[:]:80', '127.0.0.1\0:80']) {
    for (const use of sockets) {
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        use(text as never)
      })
    }
  }
})

test('an IPv6 address without brackets is no address with a port', (t) => {
  for (const text of ['::1', '::1:80', '::1]:80', 'fe80::1:80', '1:2:3:4:5:6:7:8']) {
    for (const use of uses) {
      throwsCode(t, 'ERR_INVALID_ADDRESS', () => {
        use(text as never)
      })
    }
  }
})

test('what is neither text nor an object with an address is refused', (t) => {
  const values = [...strangers, 5, NaN, {}, [], ['127.0.0.1', 80], new Date(0), Buffer.from('x')]
  for (const value of values) {
    for (const use of uses) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
        use(value as never)
      })
    }
  }
  for (const address of [...strangers, 5, {}, ['127.0.0.1'], new String('127.0.0.1')]) {
    for (const use of uses) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => use({ address, port: 0 } as never))
    }
  }
  const revocable = Proxy.revocable({}, {})
  revocable.revoke()
  for (const use of uses) {
    t.throws(() => use(revocable.proxy as never), { instanceOf: TypeError })
    const init = { address: revocable.proxy, port: 0 }
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => use(init as never))
  }
})

test('flow information and scope are whole numbers of 32 bits', (t) => {
  for (const field of ['flowinfo', 'scopeId']) {
    const init = { address: '::1', port: 0 }
    for (const value of [-1, 1.5, NaN, Infinity, 2 ** 32]) {
      for (const use of uses) {
        throwsCode(t, 'ERR_OUT_OF_RANGE', () => use({ ...init, [field]: value } as never))
      }
    }
    for (const value of ['1', 1n, Symbol('s'), {}, null, () => {}]) {
      for (const use of uses) {
        throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => use({ ...init, [field]: value } as never))
      }
    }
  }
})

test('an address is read once, and what its getters throw passes through', (t) => {
  const reads: string[] = []
  const init = new Proxy(
    { address: '127.0.0.1', port: 0, flowinfo: 0, scopeId: 0 },
    {
      get(target, name, receiver) {
        reads.push(String(name))
        return Reflect.get(target, name, receiver) as unknown
      },
    },
  )
  for (const use of uses) {
    reads.length = 0
    use(init as never)
    t.deepEqual(reads.toSorted(), ['address', 'flowinfo', 'port', 'scopeId'])
  }
  const mine = new Error('mine')
  const thrower = {
    address: '127.0.0.1',
    get port(): number {
      throw mine
    },
  }
  for (const use of uses)
    t.is(
      t.throws(() => use(thrower as never)),
      mine,
    )
})

test('what is on Object.prototype is no part of an address', (t) => {
  const polluted = { address: '127.0.0.1', port: 0, scopeId: -1, flowinfo: 'x' }
  const names = Object.keys(polluted)
  for (const [name, value] of Object.entries(polluted)) {
    Reflect.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
  }
  const codes: unknown[] = []
  let made: SocketAddr | undefined
  try {
    for (const value of [{}, { port: 0 }, { address: '127.0.0.1' }]) {
      try {
        made = new SocketAddr(value as SocketAddrInit)
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code)
      }
    }
    made = new SocketAddr({ address: '::1', port: 9 })
  } finally {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
  }
  t.deepEqual(codes, ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE', 'ERR_SOCKET_BAD_PORT'])
  t.like(made, { scopeId: 0, flowinfo: 0 })
})

test('SocketAddr cannot be called, and can be extended', (t) => {
  t.throws(() => (SocketAddr as unknown as (init: string) => void)('1.2.3.4:5'), {
    instanceOf: TypeError,
  })
  class Mine extends SocketAddr {}
  const mine = new Mine('127.0.0.1:0')
  t.true(mine instanceof Mine)
  t.is(listener(t, mine as unknown as string).localAddr().address, '127.0.0.1')
})

const ofScopes = hasIPv6 && process.platform === 'linux' ? test : test.skip

ofScopes('a scope is the name or the number of an interface (Linux with IPv6)', (t) => {
  for (const use of sockets) {
    throwsCode(t, 'EINVAL', () => use({ address: 'fe80::1', port: 9 } as never))
    throwsCode(t, 'ENODEV', () => use({ address: 'fe80::1%missing', port: 9 } as never))
    const code = (init: SocketAddrInit): unknown => {
      try {
        use(init as never)
        return 'works'
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      }
    }
    const named = code({ address: 'fe80::1%lo', port: 9 })
    t.true(['works', 'EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH'].includes(named as string))
    t.is(code({ address: 'fe80::1%1', port: 9 }), named)
    t.is(code({ address: 'fe80::1', port: 9, scopeId: 1 }), named)
    t.is(code({ address: 'fe80::1%lo', port: 9, scopeId: 99 }), named)
  }
})

const linkLocal = Object.entries(networkInterfaces())
  .flatMap(([name, addresses = []]) => addresses.map((address) => ({ name, ...address })))
  .find((address) => address.family === 'IPv6' && address.address.startsWith('fe80:'))

const ofLinkLocal = linkLocal === undefined ? test.skip : test

ofLinkLocal('a link-local address of this machine works in every form', async (t) => {
  const { address, name } = linkLocal!
  const scopeId = (linkLocal as unknown as { scopeid: number }).scopeid
  for (const form of [
    `[${address}%${scopeId}]:0`,
    { address, port: 0, scopeId },
    ...(process.platform === 'win32' ? [] : [{ address: `${address}%${name}`, port: 0 }]),
  ]) {
    const server = closing(t, TcpListener.bind(form))
    const at = server.localAddr()
    t.like(at, { address, scopeId, family: 'IPv6' })
    t.is(at.toString(), `[${address}%${scopeId}]:${at.port}`)
    for (const to of [at, at.toString()]) {
      const client = closing(t, TcpStream.connect(to))
      const stream = closing(t, await acceptOne(server))
      t.like(stream.peerAddr(), { address, scopeId })
      t.deepEqual(stream.peerAddr(), client.localAddr())
    }
  }
})
