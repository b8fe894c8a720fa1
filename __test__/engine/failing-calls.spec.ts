/** What failures of single system calls come to; all of them: `npm run test:faults`. */
import '../support/census.js'
import { drivers } from '../support/engine.js'
import { failing, whatComesOf } from '../support/failing.js'

for (const io of drivers) {
  failing(`${io}: a listener that cannot be watched is an error of listen`, async (t) => {
    t.deepEqual(await whatComesOf('listener is not watched', io), ['ENOMEM', 'hello'])
  })

  failing(`${io}: a descriptor that cannot be watched stays the caller's`, async (t) => {
    const outcome = await whatComesOf('listener of a descriptor is not watched', io)
    t.deepEqual(outcome, ['ENOSPC', 'hello', true])
  })

  failing(`${io}: accepting waits while there is no memory, and goes on`, async (t) => {
    const outcome = (await whatComesOf('accepting has no memory', io)) as Record<string, number>
    const { text, calls = 0, backoffs = 0, shed } = outcome
    t.like({ text, shed }, { text: 'hello', shed: 0 })
    t.true(backoffs >= 2, `${backoffs} times`)
    t.true(calls < 20, `${calls} calls`)
  })

  failing(`${io}: a connection that cannot be watched is reset, not ended`, async (t) => {
    const outcome = await whatComesOf('accepted connection is not watched', io)
    t.deepEqual(outcome, { how: 'ECONNRESET', acceptErrors: 1 })
  })

  failing(`${io}: a connect is no connect if the system cannot name the peer`, async (t) => {
    t.deepEqual(await whatComesOf('peer of a new connection is not told', io), ['ENOBUFS', 'hello'])
  })
}
