import test from 'ava'
import '../support/census.js'
import { type Outcome, run } from '../support/child.js'
import { drivers } from '../support/engine.js'

const events = ['open', 'drain', 'timeout', 'data', 'end', 'close']

function logOf({ code, signal, stdout, stderr }: Outcome): string[] {
  if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(stdout) as string[]
}

for (const driver of drivers) {
  const ran = async (what: string): Promise<Outcome> => run('engine-throwing', [driver, what])

  test(`${driver}: handlers of one batch that throw are each reported, and no event is lost`, async (t) => {
    const log = logOf(await ran('batch'))
    for (let n = 0; n < 10; n += 1) {
      const own = log.filter((line) => line.endsWith(`of ${n + 1}`))
      t.deepEqual(own, [
        `uncaught data ${n} of ${n + 1}`,
        `uncaught end of ${n + 1}`,
        `uncaught close of ${n + 1}`,
      ])
    }
    t.deepEqual(log.slice(-10), Array(10).fill('answered answer'))
    t.is(log.length, 40)
  })

  test(`${driver}: what any handler throws is an uncaught exception`, async (t) => {
    const log = logOf(await ran('handlers'))
    t.deepEqual(
      log,
      events.map((event) => `uncaught ${event}`),
    )
  })

  test(`${driver}: what any async handler throws is an unhandled rejection`, async (t) => {
    const log = logOf(await ran('rejections'))
    t.deepEqual(
      log,
      events.map((event) => `unhandled ${event}`),
    )
  })

  test(`${driver}: whatever is thrown is reported as it is`, async (t) => {
    const log = logOf(await ran('values'))
    const values = ['undefined', 'null', '0', '', 'text', 'Symbol(symbol)', '1']
    t.deepEqual(
      log,
      values.map((value) => `uncaught ${value}`),
    )
  })

  test(`${driver}: a socket whose data cannot be made is reset and never told of`, async (t) => {
    const log = logOf(await ran('factory'))
    t.deepEqual(log, ['uncaught no data', 'ECONNRESET', 'open with 5', 'close'])
  })

  test(`${driver}: an exception that nobody catches ends the process`, async (t) => {
    const { code, stderr, stdout } = await ran('unhandled')
    t.is(code, 1)
    t.regex(stderr, /error: nobody catches this/i)
    t.is(stdout, '')
  })
}
