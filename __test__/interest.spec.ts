import { inspect } from 'node:util'
import test from 'ava'
import { Interest, Token } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eventsFor, listener, noEvent, pair, poller, watch } from './support/sockets.js'

const { READABLE, WRITABLE, AIO, LIO, PRIORITY } = Interest

const single = { READABLE, WRITABLE, AIO, LIO, PRIORITY }

/** Where mio has the interests that are not portable. */
const platforms = {
  AIO: ['darwin', 'freebsd'],
  LIO: ['freebsd'],
  PRIORITY: ['linux', 'android'],
} as const

const forged: Record<string, unknown> = {
  undefined,
  null: null,
  zero: 0,
  'bits as a number': 3,
  'unknown bits': 32,
  'a negative number': -1,
  'a bigint': 1n,
  'a name': 'READABLE',
  'a boolean': true,
  'a symbol': Symbol('READABLE'),
  'an empty object': {},
  'an object with methods': { isReadable: () => true, isWritable: () => false },
  'an object with the prototype': Object.create(Interest.prototype),
  'an object that got the prototype': Object.setPrototypeOf({ bits: 1 }, Interest.prototype),
  'an object that inherits an interest': Object.create(READABLE),
  'a proxy of an interest': new Proxy(READABLE, {}),
  'a clone of an interest': structuredClone(READABLE),
  'an array of interests': [READABLE],
  'the class': Interest,
}

function flags(interest: Interest): boolean[] {
  return [
    interest.isReadable(),
    interest.isWritable(),
    interest.isAio(),
    interest.isLio(),
    interest.isPriority(),
  ]
}

test('each interest is itself and nothing else', (t) => {
  for (const [index, interest] of Object.values(single).entries()) {
    t.deepEqual(
      flags(interest),
      [0, 1, 2, 3, 4].map((other) => other === index),
    )
  }
})

test('add makes the union', (t) => {
  const both = READABLE.add(WRITABLE)
  t.deepEqual(flags(both), [true, true, false, false, false])
  t.deepEqual(flags(both.add(PRIORITY)), [true, true, false, false, true])
  t.is(both.add(READABLE), both)
  t.is(READABLE.add(READABLE), READABLE)
})

test('remove makes the difference, null when nothing is left', (t) => {
  const both = READABLE.add(WRITABLE)
  t.is(both.remove(READABLE), WRITABLE)
  t.is(both.remove(PRIORITY), both)
  t.is(both.remove(both), null)
  t.is(READABLE.remove(both), null)
  t.is(READABLE.remove(READABLE), null)
})

test('equal interests are one object, in whatever order they were made', (t) => {
  t.is(READABLE.add(WRITABLE), WRITABLE.add(READABLE))
  t.is(READABLE.add(WRITABLE).add(LIO), LIO.add(READABLE.add(WRITABLE)))
  t.is(READABLE.add(PRIORITY).remove(PRIORITY), READABLE)
  t.not(READABLE, WRITABLE)
})

test('operations leave their operands as they were', (t) => {
  READABLE.add(WRITABLE)
  READABLE.add(WRITABLE).remove(READABLE)
  t.deepEqual(flags(READABLE), [true, false, false, false, false])
  t.deepEqual(flags(WRITABLE), [false, true, false, false, false])
})

test('an interest is frozen', (t) => {
  for (const interest of [READABLE, READABLE.add(WRITABLE)]) {
    t.true(Object.isFrozen(interest))
    t.throws(() => Object.assign(interest, { isReadable: () => false }), { instanceOf: TypeError })
    t.throws(() => Object.setPrototypeOf(interest, null) as unknown, { instanceOf: TypeError })
  }
})

test('text has the names in the order of mio', (t) => {
  for (const [name, interest] of Object.entries(single)) t.is(interest.toString(), name)
  const everything = PRIORITY.add(LIO).add(AIO).add(WRITABLE).add(READABLE)
  t.is(everything.toString(), 'READABLE | WRITABLE | AIO | LIO | PRIORITY')
  t.is(`${WRITABLE.add(READABLE)}`, 'READABLE | WRITABLE')
  t.is(inspect(WRITABLE.add(READABLE)), 'Interest(READABLE | WRITABLE)')
})

test('nobody else makes an interest', (t) => {
  const Open = Interest as unknown as new (...values: unknown[]) => Interest
  for (const values of [[], [1], [1, Symbol('Interest')], [1, undefined]]) {
    throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new Open(...values))
  }
  throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => Reflect.construct(Interest, [1], Object) as object)
  throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', () => new (class extends Open {})(1))
  t.throws(() => (Interest as unknown as () => void)(), { instanceOf: TypeError })
})

test('forged interests are refused by every operation', async (t) => {
  const { poll, events } = poller(t)
  const [client] = await pair(t)
  const server = listener(t)
  watch(poll, server, 1)
  for (const [title, value] of Object.entries(forged)) {
    const interest = value as Interest
    for (const operation of [
      () => READABLE.add(interest),
      () => READABLE.remove(interest),
      () => {
        poll.registry.register(client, Token(2), interest)
      },
      () => {
        client.register(poll.registry, Token(2), interest)
      },
      () => {
        poll.registry.reregister(server, Token(2), interest)
      },
      () => {
        server.reregister(poll.registry, Token(2), interest)
      },
    ]) {
      const error = throwsCode(t, 'ERR_INVALID_ARG_TYPE', operation)
      t.true(error instanceof TypeError, title)
    }
  }
  noEvent(t, poll, events)
})

test('a method of an interest works on interests alone', (t) => {
  for (const receiver of [{}, null, 1, Interest.prototype, Object.create(READABLE)]) {
    for (const method of ['isReadable', 'isWritable', 'isAio', 'isLio', 'isPriority'] as const) {
      t.throws(() => Interest.prototype[method].call(receiver as Interest), {
        instanceOf: TypeError,
      })
    }
    t.throws(() => Interest.prototype.add.call(receiver as Interest, READABLE), {
      instanceOf: TypeError,
    })
    t.throws(() => Interest.prototype.remove.call(receiver as Interest, READABLE), {
      instanceOf: TypeError,
    })
  }
})

for (const [name, systems] of Object.entries(platforms)) {
  const interest = single[name as keyof typeof single]
  const isHere = (systems as readonly string[]).includes(process.platform)

  // What is no socket of a kind has no AIO: only the refusal can be seen with sockets.
  if (isHere && name === 'PRIORITY') {
    test(`${name} can be registered here`, async (t) => {
      const { poll, events } = poller(t)
      const [client, server] = await pair(t)
      watch(poll, server, 1, interest)
      noEvent(t, poll, events)
      poll.registry.reregister(server, Token(1), interest.add(READABLE))
      client.write(Buffer.from('x'))
      const [event] = await eventsFor(t, poll, events, 1)
      t.true(event?.isReadable())
      t.false(event?.isPriority())
    })
  }

  if (!isHere) {
    test(`${name} is refused here, and nothing changes`, async (t) => {
      const { poll, events } = poller(t)
      const [client] = await pair(t)
      const server = listener(t)
      watch(poll, server, 1)
      for (const wanted of [
        interest,
        interest.add(READABLE),
        interest.add(READABLE).add(WRITABLE),
      ]) {
        const error = throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => {
          watch(poll, client, 2, wanted)
        })
        t.true(error instanceof TypeError)
        throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => {
          poll.registry.reregister(server, Token(2), wanted)
        })
      }
      noEvent(t, poll, events)
      watch(poll, client, 2)
      await eventsFor(t, poll, events, 2)
    })
  }
}

test('only what was asked for is reported', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  client.write(Buffer.from('x'))
  watch(poll, server, 1, READABLE)
  const [readable] = await eventsFor(t, poll, events, 1)
  t.true(readable?.isReadable())
  t.false(readable?.isWritable())
  poll.registry.reregister(server, Token(1), WRITABLE)
  const [writable] = await eventsFor(t, poll, events, 1)
  t.true(writable?.isWritable())
  t.false(writable?.isReadable())
})
