import test from 'ava'
import '../support/census.js'
import { runProgram } from '../support/register.js'

test('a worker thread has sockets of ours, on an engine of its own', async (t) => {
  const { code, sockets, stderr, stdout } = await runProgram('worker')
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(stdout.trim().split('\n').toSorted(), ['echo in a worker', 'echo in the main thread'])
  const one = { core: 0, mio: 1 }
  const both = { client: one, server: one }
  t.deepEqual(sockets, [both, both])
})

test('workers of a cluster share ports by core, and have listeners of their own by us', async (t) => {
  // The processes that are forked are preloaded as well.
  const { code, sockets, stderr, stdout } = await runProgram('cluster')
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.is(stdout, 'one port for both true\nboth answer true\nown N\nown N\nended\n')
  const accepted = sockets.map(({ server }) => server)
  t.deepEqual(accepted.map(({ mio }) => mio).toSorted(), [0, 1, 1])
  t.is(
    accepted.reduce((sum, { core }) => sum + core, 0),
    8,
  )
  t.is(
    sockets.reduce((sum, { client }) => sum + client.mio, 0),
    10,
  )
})
