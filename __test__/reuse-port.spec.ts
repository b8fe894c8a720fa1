/** Listeners that share a port, and what the system's queues do to clients. */
import test from 'ava'
import { TcpListener, TcpStream } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { inOwnNetwork } from './support/network.js'
import { linux, unix, windows } from './support/platforms.js'
import { closing } from './support/sockets.js'
import { until } from './support/until.js'

unix('a port is shared by those alone that ask for it', (t) => {
  const first = closing(t, TcpListener.bind('127.0.0.1:0', { reusePort: true }))
  const at = first.localAddr()
  const second = closing(t, TcpListener.bind(at, { reusePort: true }))
  t.deepEqual(second.localAddr(), at)
  throwsCode(t, 'EADDRINUSE', () => TcpListener.bind(at))
  const alone = closing(t, TcpListener.bind('127.0.0.1:0', { reusePort: false }))
  throwsCode(t, 'EADDRINUSE', () => TcpListener.bind(alone.localAddr(), { reusePort: true }))
})

windows('a port cannot be shared on Windows', (t) => {
  throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () =>
    TcpListener.bind('127.0.0.1:0', { reusePort: true }),
  )
})

test('reusePort is a boolean', (t) => {
  for (const reusePort of [1, 0, 'true', {}, Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () =>
      TcpListener.bind('127.0.0.1:0', { reusePort: reusePort as never }),
    )
  }
  closing(t, TcpListener.bind('127.0.0.1:0', { reusePort: undefined }))
})

linux('four listeners of one port get all connections between them (Linux)', async (t) => {
  const first = closing(t, TcpListener.bind('127.0.0.1:0', { reusePort: true }))
  const at = first.localAddr()
  const listeners = [first]
  while (listeners.length < 4) {
    listeners.push(closing(t, TcpListener.bind(at, { reusePort: true })))
  }
  const counts = [0, 0, 0, 0]
  for (let n = 0; n < 200; n += 1) closing(t, TcpStream.connect(at))
  await until('all are accepted', () => {
    for (const [n, listener] of listeners.entries()) {
      counts[n]! += listener.acceptAll((stream) => closing(t, stream))
    }
    return counts.reduce((sum, count) => sum + count, 0) === 200
  })
  // A hash of the ports: each has 50, and less than 10 once in many billion runs.
  for (const count of counts) t.true(count >= 10, `${counts.join(', ')}`)
})

linux('a listener that is closed resets those in its queue, and nobody else (Linux)', async (t) => {
  const { code, stdout, stderr } = await run('reuse-port-closed', ['200'])
  t.is(code, 0, stderr)
  const { accepted, answered, reset } = JSON.parse(stdout) as Record<string, number>
  t.log(`${reset} of 200 were reset`)
  t.true(reset! > 0 && reset! < 150, stdout)
  t.is(answered, 200 - reset!)
  t.is(accepted, answered)
})

inOwnNetwork(
  'with tcp_migrate_req those in its queue go to the others',
  ['echo 1 >/proc/sys/net/ipv4/tcp_migrate_req'],
  async (t, inside) => {
    t.deepEqual(await inside('reuse-port-closed', ['200']), {
      accepted: 200,
      answered: 200,
      reset: 0,
    })
  },
)

inOwnNetwork(
  'a queue that the system keeps short delays clients, and loses none',
  ['echo 2 >/proc/sys/net/core/somaxconn'],
  async (t, inside) => {
    const { early, ...rest } = (await inside('short-queue', ['12'])) as Record<string, number>
    t.true(early! < 12, `${early} of 12 were connected`)
    t.deepEqual(rest, { accepted: 12, served: 12 })
  },
)
