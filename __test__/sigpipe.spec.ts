import './support/census.js'
import { run } from './support/child.js'
import { linux } from './support/platforms.js'
import { socketPath } from './support/unix.js'

linux('writing to a peer that is gone is EPIPE, whatever becomes of SIGPIPE (Linux)', async (t) => {
  const { code, signal, stdout, stderr } = await run('sigpipe', [socketPath(t)])
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const codes = ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE']
  t.deepEqual(JSON.parse(stdout), {
    // Else the test would show nothing.
    isDefault: true,
    outcomes: {
      pipe: codes,
      tcp: codes,
      'tcp shutdown': codes,
      unix: codes,
      pair: codes,
      'unix shutdown': codes,
      datagram: codes,
    },
    // Nothing of it is left, and the thread's mask is what it was.
    pending: 0,
    blocked: '0000000000000000',
  })
})
