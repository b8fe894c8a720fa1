/** Wakes from another thread. */
import test from 'ava'
import { type Events, Poll, Token, Waker } from 'mio-js'
import './support/census.js'
import { closing, noEvent, patience, poller } from './support/sockets.js'
import { until } from './support/until.js'
import { Waking } from './support/waking.js'

const token = Token(5)

test('a wake from another thread ends a poll that blocks', async (t) => {
  const { poll, events } = poller(t)
  const waking = await Waking.start(t, new Waker(poll.registry, token).share())
  for (let round = 0; round < 500; round += 1) {
    waking.request(1)
    t.is(poll.poll(events, patience), 1)
    t.is(events.tokenAt(0), token)
  }
  await until('all wakes are made', () => waking.done === 500)
  noEvent(t, poll, events)
})

test('a wake from another thread ends a wait', async (t) => {
  const { poll, events } = poller(t)
  const waking = await Waking.start(t, new Waker(poll.registry, token).share())
  for (let round = 0; round < 500; round += 1) {
    const wait = poll.pollAsync(events, { timeout: patience })
    if (round % 2 === 0) await new Promise(setImmediate)
    waking.request(1)
    t.is(await wait, 1)
    t.is(events.tokenAt(0), token)
  }
  await until('all wakes are made', () => waking.done === 500)
  noEvent(t, poll, events)
})

const strategies: Record<string, (poll: Poll, events: Events) => number | Promise<number>> = {
  poll: (poll, events) => poll.poll(events, patience),
  pollAsync: (poll, events) => poll.pollAsync(events, { timeout: patience }),
}
for (const [name, strategy] of Object.entries(strategies)) {
  test(`no wake of another thread is lost by ${name}`, async (t) => {
    const { poll, events } = poller(t)
    const waking = await Waking.start(t, new Waker(poll.registry, token).share())
    const [bursts, burst] = [200, 50]
    let reported = 0
    for (let wanted = burst; wanted <= bursts * burst; wanted += burst) {
      waking.request(burst)
      // Whoever counts before it wakes is seen by a poll that the wake ends; a lost one times out.
      while (waking.begun < wanted) {
        const count = await strategy(poll, events)
        if (count === 0) {
          t.fail(`a wake was lost: ${waking.done} of ${wanted} were made`)
          return
        }
        reported += count
      }
    }
    await until('the last wake is made', () => waking.done === bursts * burst)
    t.is(waking.failed, 0)
    reported += poll.poll(events, 0)
    t.true(reported >= 1 && reported <= bursts * burst, `${reported} events`)
    noEvent(t, poll, events)
  })
}

test('another thread learns that the waker is closed', async (t) => {
  const { poll, events } = poller(t)
  const waker = new Waker(poll.registry, token)
  const waking = await Waking.start(t, waker.share())
  waking.request(1)
  t.is(poll.poll(events, patience), 1)
  await until('the wake is made', () => waking.done === 1)
  waker.close()
  waking.request(1)
  await until('the wake is refused', () => waking.done === 2)
  t.is(waking.failed, 1)
  noEvent(t, poll, events)
})

test('another thread learns that the Poll is closed', async (t) => {
  const poll = closing(t, new Poll())
  const waking = await Waking.start(t, new Waker(poll.registry, token).share())
  poll.close()
  waking.request(3)
  await until('the wakes are refused', () => waking.done === 3)
  t.is(waking.failed, 3)
})

test('a Poll may be closed while another thread wakes it', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const poll = new Poll()
    const waking = await Waking.start(t, new Waker(poll.registry, token).share())
    waking.request(1000)
    await until('waking goes on', () => waking.done > round * 20)
    poll.close()
    await until('all wakes are made', () => waking.done === 1000)
    waking.request(1)
    await until('one more is refused', () => waking.done === 1001)
    t.true(waking.failed >= 1)
  }
})
