import test from 'ava'
import { Engine, type ListenOptions } from 'mio-js/engine'
import '../support/census.js'
import { Peer } from '../support/engine-peers.js'
import { throwsCode } from '../support/errors.js'

const local = { hostname: '127.0.0.1' }

/** Tests of arguments alone: no lane has anything to do with them. */
function refusals(
  title: string,
  body: (t: Parameters<typeof throwsCode>[0], refuses: Refuses) => void,
): void {
  test(title, async (t) => {
    const engine = new Engine({ io: 'inline' })
    try {
      body(t, (code, options) => {
        const error = throwsCode(t, code, () => {
          engine.listen(options as ListenOptions).closeNow()
        })
        t.is(error instanceof RangeError, /RANGE|BAD_PORT/.test(code))
        t.is(error instanceof TypeError, /TYPE|VALUE|ADDRESS/.test(code))
        return error
      })
      // What was refused has left nothing behind.
      const server = engine.listen(local)
      const peer = await Peer.connect(t, server.port!)
      t.false(peer.socket.destroyed)
    } finally {
      await engine.close()
    }
  })
}

type Refuses = (code: string, options: unknown) => Error

/** Values of every type that there is. */
const anything = [null, true, 0, 1.5, 'x', 1n, {}, ['x'], Symbol('s'), () => {}, new Date()]
const notA = (type: string): unknown[] => anything.filter((value) => typeof value !== type)

refusals('a port that is none is ERR_SOCKET_BAD_PORT', (_, refuses) => {
  const ports = [-1, 65_536, 1.5, NaN, Infinity, 2 ** 32 + 80, 2 ** 53, '80', '80x', '', '0x50']
  for (const port of [...ports, ...notA('number')]) {
    refuses('ERR_SOCKET_BAD_PORT', { ...local, port })
  }
})

refusals('a hostname is a literal address or localhost, and nothing is guessed', (_, refuses) => {
  for (const hostname of [
    '',
    'x'.repeat(300),
    '127.0.0.1\0',
    '127.0.0.1\0.example.org',
    '\0',
    ' 127.0.0.1',
    '127.0.0.1 ',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '1.2.3.4.5',
    '127.0.0.1:80',
    '[::1]',
    '::1::',
    '1::2::3',
    ':::',
    '::ffff:127.1',
    'LOCALHOST',
    'localhost.',
    'example.org',
    '*',
    '１２７.0.0.1',
  ]) {
    refuses('ERR_INVALID_ADDRESS', { hostname, port: 0 })
  }
  for (const hostname of notA('string')) refuses('ERR_INVALID_ARG_TYPE', { hostname })
})

refusals('a path is text without null bytes, but for the first', (_, refuses) => {
  for (const path of ['', 'a\0', 'a\0b', '/tmp/x\0', '\0a\0']) {
    refuses('ERR_INVALID_ARG_VALUE', { path })
  }
  for (const path of notA('string')) refuses('ERR_INVALID_ARG_TYPE', { path })
})

const kinds: Record<'boolean' | 'function' | 'limit' | 'time', string[]> = {
  boolean: ['allowHalfOpen', 'borrow', 'ipv6Only', 'noDelay', 'reusePort'],
  function: ['data'],
  limit: ['highWaterMark', 'maxConnections', 'maxPending', 'readBudget'],
  time: ['firstByteTimeout', 'idleTimeout', 'linger'],
}

for (const type of ['boolean', 'function'] as const) {
  refusals(`options that are a ${type} are nothing else`, (_, refuses) => {
    for (const name of kinds[type]) {
      for (const value of notA(type)) refuses('ERR_INVALID_ARG_TYPE', { ...local, [name]: value })
    }
  })
}

refusals('limits are whole numbers, or Infinity', (_, refuses) => {
  for (const name of kinds.limit) {
    for (const value of [-1, 0.5, NaN, -Infinity, 2 ** 53]) {
      refuses('ERR_OUT_OF_RANGE', { ...local, [name]: value })
    }
    for (const value of notA('number')) {
      refuses('ERR_INVALID_ARG_TYPE', { ...local, [name]: value })
    }
  }
  refuses('ERR_OUT_OF_RANGE', { ...local, readBudget: 0 })
})

refusals('times are milliseconds that fit into a timer', (_, refuses) => {
  for (const name of kinds.time) {
    for (const value of [-1, -0.5, NaN, -Infinity, 2 ** 31]) {
      refuses('ERR_OUT_OF_RANGE', { ...local, [name]: value })
    }
    for (const value of notA('number')) {
      refuses('ERR_INVALID_ARG_TYPE', { ...local, [name]: value })
    }
  }
})

refusals('keepAlive is a boolean, or its times', (_, refuses) => {
  for (const value of [null, 0, 1, 'x', 1n, Symbol('s'), () => {}]) {
    refuses('ERR_INVALID_ARG_TYPE', { ...local, keepAlive: value })
  }
  for (const name of ['delay', 'interval', 'count']) {
    for (const value of [-1, NaN, Infinity, 2 ** 31, 2 ** 40]) {
      refuses('ERR_OUT_OF_RANGE', { ...local, keepAlive: { [name]: value } })
    }
    for (const value of notA('number')) {
      refuses('ERR_INVALID_ARG_TYPE', { ...local, keepAlive: { [name]: value } })
    }
  }
  for (const count of [128, 1.5]) refuses('ERR_OUT_OF_RANGE', { ...local, keepAlive: { count } })
})

refusals('a backlog is a whole number', (_, refuses) => {
  for (const backlog of [-1, 1.5, NaN, Infinity, -Infinity, 2 ** 53]) {
    refuses('ERR_OUT_OF_RANGE', { ...local, backlog })
  }
  for (const backlog of notA('number')) refuses('ERR_INVALID_ARG_TYPE', { ...local, backlog })
})

refusals('handlers are functions', (t, refuses) => {
  for (const name of ['open', 'data', 'drain', 'end', 'timeout', 'close']) {
    for (const value of notA('function')) {
      const error = refuses('ERR_INVALID_ARG_TYPE', { ...local, socket: { [name]: value } })
      t.true(error.message.includes(`options.socket.${name}`), error.message)
    }
  }
  for (const socket of [null, true, 5, 'x', 1n, Symbol('s'), () => {}]) {
    refuses('ERR_INVALID_ARG_TYPE', { ...local, socket })
  }
})

refusals('options are an object', (_, refuses) => {
  for (const options of [null, true, 5, 'x', 1n, Symbol('s'), () => {}]) {
    refuses('ERR_INVALID_ARG_TYPE', options)
  }
})

const names = [
  ...Object.values(kinds).flat(),
  'backlog',
  'hostname',
  'keepAlive',
  'path',
  'port',
  'socket',
]

test('options are read at most once, from the object itself', async (t) => {
  const engine = new Engine({ io: 'inline' })
  const reads: string[] = []
  const record = {
    get: (target: object, name: string): unknown => {
      reads.push(name)
      return Reflect.get(target, name) as unknown
    },
  }
  const filled = Object.fromEntries(names.map((name) => [name, undefined]))
  const times = new Proxy({ delay: 0, interval: 0, count: 0 }, record)
  engine.listen(new Proxy({ ...filled, ...local, keepAlive: times }, record) as ListenOptions)
  t.deepEqual(reads.toSorted(), [...names, 'delay', 'interval', 'count'].toSorted())

  const polluted = Object.create(Object.fromEntries(names.map((name) => [name, Symbol('x')])))
  engine.listen(Object.assign(polluted as object, local))
  engine.listen(Object.freeze(Object.assign(Object.create(null) as object, local)))
  engine.listen(JSON.parse('{ "__proto__": { "port": -1 }, "hostname": "::1" }') as ListenOptions)
  const mine = new Error('mine')
  for (const name of names.filter((each) => each !== 'hostname' && each !== 'port')) {
    const thrower = Object.defineProperty({ ...local }, name, {
      get: () => {
        throw mine
      },
    })
    t.is(
      t.throws(() => engine.listen(thrower), undefined, name),
      mine,
    )
  }
  await engine.close()
})
