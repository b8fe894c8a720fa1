import './support/census.js'
import { run } from './support/child.js'
import { linux, socketPath } from './support/unix.js'

linux('writing to nobody is EPIPE, even with SIGPIPE at its default (Linux)', async (t) => {
  const { code, signal, stdout, stderr } = await run('sigpipe-sockets', [socketPath(t)])
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const { isDefault, outcomes } = JSON.parse(stdout) as {
    isDefault: boolean
    outcomes: Record<string, string[]>
  }
  t.true(isDefault, 'a write without precautions would end the process')
  t.deepEqual(outcomes, {
    tcp: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
    unix: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
    pair: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
    shutdown: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
    datagram: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
  })
})
