import test from 'ava'
import './support/census.js'
import { run } from './support/child.js'

const linux = process.platform === 'linux' ? test : test.skip

linux('writing to a peer that is gone is EPIPE, whatever becomes of SIGPIPE (Linux)', async (t) => {
  const { code, signal, stdout, stderr } = await run('sigpipe')
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  t.deepEqual(JSON.parse(stdout), {
    isDefault: true,
    codes: ['EPIPE', 'EPIPE', 'EPIPE', 'EPIPE'],
    // Nothing of it is left, and the thread's mask is what it was.
    pending: 0,
    blocked: '0000000000000000',
  })
})
