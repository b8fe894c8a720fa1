import test from 'ava'
import './support/census.js'
import { run } from './support/child.js'
import { linux, unix } from './support/platforms.js'
import { long } from './support/patience.js'
import { wakes } from './support/runtime.js'
import { start, turns } from './support/workers.js'

/** What a test's process needs to start and to end, on a machine that is busy with other tests. */
const slack = long(3000)

for (const name of ['idle', 'sockets', 'aborted']) {
  test(`a Poll without a wait does not keep the process alive: ${name}`, async (t) => {
    const outcome = await run('alive', [name])
    t.is(outcome.code, 0, outcome.stderr)
    t.true(outcome.stdout.endsWith('exit\n'))
    t.is(outcome.stdout.includes('AbortError'), name === 'aborted')
  })
}

test('a wait keeps the process alive until it ends', async (t) => {
  const woken = await run('alive', ['wait'])
  t.is(woken.stdout, 'woken 1\nexit\n', woken.stderr)
  const timeout = await run('alive', ['timeout'])
  t.is(timeout.stdout, 'timeout 0\nexit\n', timeout.stderr)
})

test('a blocked poll costs no CPU', async (t) => {
  const { stdout } = await run('alive', ['blocked'])
  const cpu = Number(/^cpu (\d+)$/m.exec(stdout)?.[1])
  // Twenty slices in two seconds, of some microseconds each.
  t.true(cpu < 20_000, `${cpu} µs`)
})

unix('signals neither end a blocked poll nor change its time', async (t) => {
  const { stdout, stderr } = await run('signals', [], [], (child) => {
    child.stdout?.once('data', () => {
      const timer = setInterval(() => child.kill('SIGUSR2') || clearInterval(timer), 2)
      child.once('exit', () => {
        clearInterval(timer)
      })
    })
  })
  const [, json] = stdout.split('\n')
  const { count, duration, signals } = JSON.parse(json ?? '') as Record<string, number>
  t.is(count, 0, stderr)
  t.true((duration ?? 0) >= 300 && (duration ?? 0) < 300 + slack, `${duration} ms`)
  t.true((signals ?? 0) > 0)
})

for (const wait of ['poll', ...wakes]) {
  test(`terminate() ends a worker that waits for ever: ${wait}`, async (t) => {
    for (let n = 0; n < 10; n += 1) {
      const { worker, ready } = start('mirror', { what: wait })
      await ready
      // The first rounds meet it on its way into the wait, the last ones inside.
      await turns(n * 500)
      const begin = performance.now()
      await worker.terminate()
      const duration = performance.now() - begin
      t.true(duration < long(200) + (process.env['CI'] === undefined ? 0 : slack), `${duration} ms`)
    }
  })

  test(`process.exit() ends while a worker waits for ever: ${wait}`, async (t) => {
    const { code, signal, stdout, stderr } = await run('exit', ['mirror', 'auto', wait])
    const duration = Date.now() - Number(stdout)
    t.deepEqual({ code, signal }, { code: 7, signal: null }, stderr)
    t.true(duration < slack, `${duration} ms`)
  })
}

test('workers alone load the package, one after another and many at once', async (t) => {
  const { code, signal, stderr } = await run('workers', ['mirror', 'auto', '10', '10'])
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
})

linux('what is collected unclosed is closed with a warning, what is used is not', async (t) => {
  const { stdout, stderr, code } = await run('collected', [], ['--expose-gc', '--no-warnings'])
  t.is(code, 0, stderr)
  const warning = (kind: string): string =>
    `MIO_UNCLOSED: A ${kind} was closed on garbage collection; call its close() instead`
  t.deepEqual(JSON.parse(stdout), {
    warnings: ['Poll', 'TcpListener', 'TcpStream'].map(warning),
    descriptors: 0,
    waited: 0,
    sources: 1,
  })
})
