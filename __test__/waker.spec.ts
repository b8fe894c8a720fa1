import { inspect } from 'node:util'
import test from 'ava'
import { Poll, type SharedWaker, Token, Waker } from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { eventsFor, noEvent, pair, patience, poller, watch } from './support/sockets.js'
import { until } from './support/until.js'

const token = Token(5)

/** Wakes by an operation, to be used as one argument. */
function wakes(waker: Waker): () => void {
  return () => {
    waker.wake()
  }
}

test('a wake before the poll counts', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  for (let round = 0; round < 10; round += 1) {
    waker.wake()
    t.is(poll.poll(events, patience), 1)
    t.is(events.tokenAt(0), token)
    waker.wake()
    t.is(await poll.pollAsync(events, { timeout: patience }), 1)
    t.is(events.tokenAt(0), token)
  }
  noEvent(t, poll, events)
})

test('a Waker that does not wake reports nothing', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  noEvent(t, poll, events)
  waker.wake()
  t.is(poll.poll(events, 0), 1)
  noEvent(t, poll, events)
})

test('many wakes are at least one event and at most as many', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  let reported = 0
  for (let n = 0; n < 1000; n += 1) waker.wake()
  for (let count = -1; count !== 0; reported += count) count = poll.poll(events, 0)
  t.true(reported >= 1 && reported <= 1000, `${reported} events`)
  noEvent(t, poll, events)
})

test('a wake ends a wait', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  for (let turns = 0; turns < 5; turns += 1) {
    const wait = poll.pollAsync(events, { timeout: patience })
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
    waker.wake()
    t.is(await wait, 1)
    t.is(events.tokenAt(0), token)
  }
})

test('a wake comes along with what is ready', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const [client] = await pair(t)
  watch(poll, client, 6)
  waker.wake()
  const [wake, ready] = await eventsFor(t, poll, events, 5, 6)
  t.false(wake?.isWritable())
  t.true(ready?.isWritable())
})

test('a Poll has one waker at a time', (t) => {
  const { poll, events } = poller(t)
  const first = new Waker(poll.registry, token)
  const error = throwsCode(t, 'ERR_WAKER_EXISTS', () => new Waker(poll.registry, Token(6)))
  t.is(error.message, 'Only a single `Waker` can be active per `Poll` instance')
  throwsCode(t, 'ERR_WAKER_EXISTS', () => new Waker(poll.registry, token))
  first.wake()
  t.is(poll.poll(events, patience), 1)
  t.is(events.tokenAt(0), token)
  first.close()
  const second = new Waker(poll.registry, Token(6))
  second.wake()
  t.is(poll.poll(events, patience), 1)
  t.is(events.tokenAt(0), Token(6))
  first.close()
  second.wake()
  t.is(poll.poll(events, patience), 1)
})

test('each Poll has a waker of its own', (t) => {
  const first = poller(t)
  const second = poller(t)
  const waker = new Waker(first.poll.registry, token)
  const other = new Waker(second.poll.registry, token)
  t.notDeepEqual(waker.share(), other.share())
  waker.wake()
  noEvent(t, second.poll, second.events)
  t.is(first.poll.poll(first.events, 0), 1)
  other.wake()
  noEvent(t, first.poll, first.events)
  t.is(second.poll.poll(second.events, 0), 1)
})

test('a closed waker wakes no more, and drops the wake that is pending', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  waker.wake()
  waker.close()
  waker.close()
  waker[Symbol.dispose]()
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(waker))
  noEvent(t, poll, events)
  const next = new Waker(poll.registry, token)
  noEvent(t, poll, events)
  next.wake()
  t.is(poll.poll(events, patience), 1)
})

test('a waker of a closed Poll wakes no more', (t) => {
  const poll = new Poll()
  const waker = new Waker(poll.registry, token)
  const copy = Waker.from(waker.share())
  poll.close()
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(waker))
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(copy))
  throwsCode(t, 'ERR_WAKER_CLOSED', () => Waker.from(waker.share()))
  throwsCode(t, 'ERR_POLL_CLOSED', () => new Waker(poll.registry, token))
  waker.close()
  copy.close()
})

test('using closes a waker', (t) => {
  const { poll } = poller(t)
  let escaped: Waker
  {
    using waker = new Waker(poll.registry, token)
    escaped = waker
  }
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(escaped))
})

test('what is shared is frozen plain data that can be cloned', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const shared = waker.share()
  t.true(Object.isFrozen(shared))
  t.deepEqual(Object.keys(shared), ['waker'])
  t.true(Number.isSafeInteger(shared.waker) && shared.waker >= 0)
  const copies = [
    structuredClone(shared),
    JSON.parse(JSON.stringify(shared)) as SharedWaker,
    Object.assign(Object.create(null) as object, shared),
    Waker.from(shared).share(),
  ]
  for (const copy of copies) {
    Waker.from(copy).wake()
    t.is(poll.poll(events, patience), 1)
    t.is(events.tokenAt(0), token)
  }
})

test('closing a shared waker leaves the original and the other copies', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const copy = Waker.from(waker.share())
  const other = Waker.from(waker.share())
  copy.close()
  copy.close()
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(copy))
  for (const open of [waker, other]) {
    open.wake()
    t.is(poll.poll(events, patience), 1)
  }
  throwsCode(t, 'ERR_WAKER_EXISTS', () => new Waker(poll.registry, Token(6)))
})

test('closing the original closes the copies', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const copy = Waker.from(waker.share())
  waker.close()
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(copy))
  noEvent(t, poll, events)
})

test('a copy of a closed waker does not wake its successor', (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const shared = waker.share()
  const copy = Waker.from(shared)
  waker.close()
  const next = new Waker(poll.registry, Token(6))
  throwsCode(t, 'ERR_WAKER_CLOSED', wakes(copy))
  throwsCode(t, 'ERR_WAKER_CLOSED', () => {
    Waker.from(shared).wake()
  })
  noEvent(t, poll, events)
  next.wake()
  t.is(poll.poll(events, patience), 1)
  t.is(events.tokenAt(0), Token(6))
})

test('what share did not return makes no waker', (t) => {
  const { poll } = poller(t)
  const waker = new Waker(poll.registry, token)
  const shared = waker.share()
  for (const [value, code] of [
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    [shared.waker, 'ERR_INVALID_ARG_TYPE'],
    ['waker', 'ERR_INVALID_ARG_TYPE'],
    [Symbol('waker'), 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [[], 'ERR_INVALID_ARG_TYPE'],
    [waker, 'ERR_INVALID_ARG_TYPE'],
    [structuredClone(waker), 'ERR_INVALID_ARG_TYPE'],
    [Object.create(shared), 'ERR_INVALID_ARG_TYPE'],
    [{ waker: undefined }, 'ERR_INVALID_ARG_TYPE'],
    [{ waker: `${shared.waker}` }, 'ERR_INVALID_ARG_TYPE'],
    [{ waker: BigInt(shared.waker) }, 'ERR_INVALID_ARG_TYPE'],
    [{ waker: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ waker: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ waker: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ waker: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ waker: 1e300 }, 'ERR_OUT_OF_RANGE'],
    [{ waker: 2 ** 53 }, 'ERR_OUT_OF_RANGE'],
    [{ waker: 0 }, 'ERR_WAKER_CLOSED'],
    [{ waker: 2 ** 53 - 1 }, 'ERR_WAKER_CLOSED'],
  ] as const) {
    throwsCode(t, code, () => Waker.from(value as SharedWaker))
  }
})

test('a polluted prototype shares nothing', (t) => {
  const { poll } = poller(t)
  const { waker } = new Waker(poll.registry, token).share()
  const prototype = Object.getPrototypeOf({}) as object
  Object.defineProperty(prototype, 'waker', { value: waker, configurable: true })
  try {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => Waker.from({} as SharedWaker))
  } finally {
    Reflect.deleteProperty(prototype, 'waker')
  }
})

test('a getter is asked once, and its error passes on', (t) => {
  const { poll } = poller(t)
  const { waker } = new Waker(poll.registry, token).share()
  let asked = 0
  const changing = {
    get waker() {
      asked += 1
      return asked === 1 ? waker : -1
    },
  }
  t.notThrows(() => Waker.from(changing))
  t.is(asked, 1)
  const error = new Error('mine')
  const throwing = {
    get waker(): number {
      throw error
    },
  }
  t.is(
    t.throws(() => Waker.from(throwing)),
    error,
  )
})

test('a waker is made of a registry and a token, and used by itself alone', (t) => {
  const { poll } = poller(t)
  const waker = new Waker(poll.registry, token)
  const { waker: id } = waker.share()
  const Open = Waker as unknown as new (...values: unknown[]) => Waker
  for (const values of [[], [poll], [id], [id, token], [id, Symbol('shared')], [null, token]]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new Open(...values))
  }
  const type = { instanceOf: TypeError }
  for (const receiver of [{}, null, Waker.prototype, Object.create(waker), new Proxy(waker, {})]) {
    const fake = receiver as Waker
    t.throws(() => {
      Waker.prototype.wake.call(fake)
    }, type)
    t.throws(() => {
      Waker.prototype.close.call(fake)
    }, type)
    t.throws(() => Waker.prototype.share.call(fake), type)
  }
  t.throws(() => (Waker as unknown as () => void)(), type)
  t.notThrows(wakes(waker))
  t.notThrows(() => inspect(waker))
})

test('a Waker that is collected leaves its wake, and stays the only one', async (t) => {
  if (globalThis.gc === undefined) {
    t.log('skipped: run with --expose-gc')
    t.pass()
    return
  }
  const { gc } = globalThis
  const { poll, events } = poller(t)
  const reference = ((): WeakRef<Waker> => {
    const waker = new Waker(poll.registry, token)
    waker.wake()
    return new WeakRef(waker)
  })()
  await until('the Waker is collected', () => {
    gc()
    return reference.deref() === undefined
  })
  t.is(poll.poll(events, patience), 1)
  t.is(events.tokenAt(0), token)
  throwsCode(t, 'ERR_WAKER_EXISTS', () => new Waker(poll.registry, Token(6)))
})
