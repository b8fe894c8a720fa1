import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { drivers } from '../support/engine.js'
import { isNode } from '../support/runtime.js'

for (const net of [...(isNode ? ['core'] : []), ...drivers]) {
  test(`${net}: what waits for something keeps the process alive`, async (t) => {
    const { code, signal, stdout, stderr } = await run('net-alive', [net])
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    t.deepEqual(stdout.trimEnd().split('\n'), [
      'its end is told',
      'its close is told',
      'a socket',
      'a socket that was unrefed and refed',
      'a paused socket that goes on',
      'a paused socket whose bytes nobody takes',
    ])
  })
}
