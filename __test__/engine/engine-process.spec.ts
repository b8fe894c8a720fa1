import test from 'ava'
import '../support/census.js'
import { run } from '../support/child.js'
import { drivers } from '../support/engine.js'
import { linux } from '../support/platforms.js'

for (const io of drivers) {
  test(`${io}: servers and sockets keep the process alive, and nothing else does`, async (t) => {
    const { code, signal, stdout, stderr } = await run('engine-alive', [io])
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    t.deepEqual(stdout.trimEnd().split('\n'), [
      'a server',
      'a server that was unrefed and refed',
      'one server of two',
      'an accepted socket of an unrefed server',
      'an accepted socket of a closed server',
      // On Linux alone a full queue lets clients wait.
      ...(process.platform === 'linux' ? ['a connect in progress'] : []),
      'a connected socket',
      'a paused socket',
      ...(process.platform === 'linux' ? ['a connect in progress that was unrefed and refed'] : []),
      'a socket that was unrefed and refed',
      'one socket of two',
      'a socket beside one that was closed while it was unrefed',
    ])
  })

  test(`${io}: listen and connect share an engine that keeps nothing alive`, async (t) => {
    const { MIO_JS_IO: before } = process.env
    process.env['MIO_JS_IO'] = io
    const outcome = run('engine-default')
    if (before === undefined) delete process.env['MIO_JS_IO']
    else process.env['MIO_JS_IO'] = before
    const { code, signal, stdout, stderr } = await outcome
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    t.is(stdout, 'echoed\nECONNREFUSED\nexit\n')
  })
}

for (const io of drivers) {
  linux(`${io}: an engine is collected when it has nothing open, and not before`, async (t) => {
    const { stdout, stderr } = await run('engine-collected', [io], ['--expose-gc', '--no-warnings'])
    t.is(stderr, '')
    t.deepEqual(JSON.parse(stdout), {
      warnings: [
        'MIO_UNCLOSED: An Engine was closed on garbage collection; call its close() instead',
      ],
      descriptors: 0,
      echoed: 'still here',
    })
  })
}
