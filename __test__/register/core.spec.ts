import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import '../support/census.js'
import { cert, key } from '../support/certificate.js'
import { unix } from '../support/platforms.js'
import { plain, registered, runProgram } from '../support/register.js'

const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-register-'))
const certificate = path.join(folder, 'certificate.json')
writeFileSync(certificate, JSON.stringify({ cert, key }))

test.after.always('removes its files', () => {
  rmSync(folder, { recursive: true })
})

unix('standard streams, children and sockets that are sent to them stay as they are', async (t) => {
  const says =
    'input of the program\nthrough a child true\nthrough a pipe\nfrom the child\nclosed\n'
  for (const preload of [plain, registered]) {
    const run = await runProgram('children', { preload, input: 'of the program' })
    t.deepEqual([run.code, run.stderr, run.stdout], [0, '', says])
    const [child, parent] = run.sockets
    t.deepEqual(child?.server, { core: 0, mio: 0 })
    // `pauseOnConnect` says that connections go to another process.
    t.deepEqual(parent?.server, { core: 1, mio: 0 })
    t.is(parent?.client.mio, preload === plain ? 0 : 1)
  }
})

unix('a socket of a descriptor is made of whatever that is', async (t) => {
  const fifo = path.join(folder, 'fifo')
  t.is(spawnSync('mkfifo', [fifo]).status, 0)
  const says = 'through a FIFO true\nchild got a message\nERR_INVALID_FD_TYPE\n'
  for (const preload of [plain, registered]) {
    const { code, stderr, stdout } = await runProgram('descriptors', { preload, args: [fifo] })
    t.deepEqual([code, stderr, stdout], [0, '', says])
  }
})

const says =
  '/127.0.0.1 127.0.0.1 false\n/localhost 127.0.0.1 false\n' +
  'S\ntrue 127.0.0.1 true\nsecure words 127.0.0.1\nclosed\n'

for (const [title, preload, setting, client, server] of [
  ["TLS is on core's sockets by itself", plain, '', 0, { core: 3, mio: 0 }],
  [
    "TLS stays on core's sockets, and goes over ours that are there",
    registered,
    '',
    1,
    { core: 2, mio: 1 },
  ],
  ['TLS is on ours if that is asked for', registered, 'tls', 3, { core: 0, mio: 3 }],
] as const) {
  test(title, async (t) => {
    const env = { MIO_JS_REGISTER: setting }
    const run = await runProgram('tls', { preload, args: [certificate], env })
    t.deepEqual([run.code, run.stderr, run.stdout], [0, '', says])
    // Not every version of core tells of clients of TLS.
    t.is(run.sockets[0]?.client.mio, client)
    t.deepEqual(run.sockets[0]?.server, server)
  })
}

test('a server does not listen on what another one of ours has', async (t) => {
  const { code, stderr, stdout } = await runProgram('listen-server')
  t.deepEqual([code, stderr, stdout], [0, '', 'listen EINVAL: invalid argument\nclosed\n'])
})
