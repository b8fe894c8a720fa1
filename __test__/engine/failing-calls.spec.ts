/** What failures of single system calls come to; all of them: `npm run test:faults`. */
import '../support/census.js'
import { drivers } from '../support/engine.js'
import { failing, play } from '../support/failing.js'

const cases = {
  listener: 'listener is not watched',
  descriptor: 'listener of a descriptor is not watched',
  memory: 'accepting has no memory',
  accepted: 'accepted connection is not watched',
  peer: 'peer of a new connection is not told',
} as const

for (const io of drivers) {
  let played: ReturnType<typeof play> | undefined
  /** All cases are played by one process, when the first is asked for. */
  const outcomeOf = async (name: keyof typeof cases): Promise<unknown> => {
    played ??= play(io, ...Object.values(cases))
    return (await played)[cases[name]]
  }

  failing(`${io}: a listener that cannot be watched is an error of listen`, async (t) => {
    t.deepEqual(await outcomeOf('listener'), ['ENOMEM', 'hello'])
  })

  failing(`${io}: a descriptor that cannot be watched stays the caller's`, async (t) => {
    t.deepEqual(await outcomeOf('descriptor'), ['ENOSPC', 'hello', true])
  })

  failing(`${io}: accepting waits while there is no memory, and goes on`, async (t) => {
    const outcome = (await outcomeOf('memory')) as Record<string, number>
    const { text, calls = 0, backoffs = 0, shed } = outcome
    t.like({ text, shed }, { text: 'hello', shed: 0 })
    t.true(backoffs >= 2, `${backoffs} times`)
    t.true(calls < 20, `${calls} calls`)
  })

  failing(`${io}: a connection that cannot be watched is reset, not ended`, async (t) => {
    t.deepEqual(await outcomeOf('accepted'), { how: 'ECONNRESET', acceptErrors: 1 })
  })

  failing(`${io}: a connect is no connect if the system cannot name the peer`, async (t) => {
    t.deepEqual(await outcomeOf('peer'), ['ENOBUFS', 'hello'])
  })
}
