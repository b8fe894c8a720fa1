import test from 'ava'
import {
  Field,
  Flag,
  type Settings,
  clientDeadlines,
  newNumbers,
  serverDeadlines,
  settingsOf,
} from '#src/engine/options.js'
import '../support/census.js'

/** What native code hears of options; of many limits nobody wants to wait for the effect. */
function heard(options: object, deadlines = serverDeadlines): [Settings, Float64Array] {
  const numbers = newNumbers()
  return [settingsOf(options, deadlines, numbers), numbers]
}

test('the defaults are the documented ones', (t) => {
  const sockets = {
    [Field.HIGH_WATER_MARK]: 65_536,
    [Field.MAX_PENDING]: 2 ** 20,
    [Field.READ_BUDGET]: 256 * 1024,
    [Field.LINGER]: 5000,
    [Field.FLAGS]: Flag.NO_DELAY,
  }
  const [settings, server] = heard({})
  t.like(server, {
    ...sockets,
    [Field.IDLE_TIMEOUT]: 120_000,
    [Field.FIRST_BYTE_TIMEOUT]: 30_000,
  })
  const [, client] = heard({}, clientDeadlines)
  t.like(client, { ...sockets, [Field.IDLE_TIMEOUT]: 0, [Field.FIRST_BYTE_TIMEOUT]: 0 })
  t.like(settings, { allowHalfOpen: false, borrow: false, data: undefined, highWaterMark: 65_536 })
})

test('options take the place of the defaults, and times are rounded up', (t) => {
  for (const deadlines of [serverDeadlines, clientDeadlines]) {
    const [, numbers] = heard(
      {
        highWaterMark: 1,
        maxPending: 2,
        readBudget: 3,
        idleTimeout: 3.2,
        firstByteTimeout: 4.9,
        linger: 0.1,
        noDelay: false,
        borrow: true,
        keepAlive: { delay: 10_000, interval: 10_001, count: 12 },
      },
      deadlines,
    )
    const flags = Flag.KEEP_ALIVE | Flag.BORROW
    t.deepEqual(Array.from(numbers).slice(0, 11), [1, 2, 3, 4, 5, 1, 0, flags, 10, 11, 12])
  }
})

test('Infinity is no limit, and no deadline', (t) => {
  const names = ['highWaterMark', 'maxPending', 'readBudget', 'idleTimeout', 'firstByteTimeout']
  const infinite = Object.fromEntries([...names, 'linger'].map((name) => [name, Infinity]))
  const [, numbers] = heard(infinite)
  t.deepEqual(Array.from(numbers).slice(0, 6), [Infinity, Infinity, Infinity, 0, 0, 2 ** 31 - 1])
})
