/** The files of sockets: who makes them, what is in their way, and that nobody removes them. */
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { UnixDatagram, UnixListener, UnixStream } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { directory, nodeConnectError, nodeListenError, shapeOf } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { unix } from './support/platforms.js'
import { closing } from './support/sockets.js'
import { socketPath } from './support/unix.js'

/** Both things that bind, and what the system calls it. */
const binders = [
  ['listen', (path: string) => UnixListener.bind(path)],
  ['bind', (path: string) => UnixDatagram.bind(path)],
] as const

unix('binding makes a file, which stays when the socket is closed', (t) => {
  const folder = directory(t)
  for (const [name, bind] of binders) {
    const path = join(folder, name)
    const socket = bind(path)
    t.true(statSync(path).isSocket())
    socket.close()
    t.true(statSync(path).isSocket())
  }
  t.deepEqual(readdirSync(folder).toSorted(), ['bind', 'listen'])
})

unix('whatever is at the path stays there, and is EADDRINUSE', (t) => {
  const folder = directory(t)
  const at = (name: string): string => join(folder, name)
  closing(t, UnixListener.bind(at('alive')))
  closing(t, UnixDatagram.bind(at('receiver')))
  UnixListener.bind(at('stale')).close()
  writeFileSync(at('file'), 'mine')
  mkdirSync(at('directory'))
  symlinkSync(at('nowhere'), at('dangling'))
  const before = readdirSync(folder)
  for (const name of ['alive', 'receiver', 'stale', 'file', 'directory', 'dangling']) {
    const { ino, mtimeMs } = lstatSync(at(name))
    for (const [syscall, bind] of binders) {
      t.log(syscall, name)
      const error = throwsCode(t, 'EADDRINUSE', () => bind(at(name)))
      t.like(error, { syscall, address: at(name) })
      t.is(error.message, `${syscall} EADDRINUSE: address already in use ${at(name)}`)
    }
    t.like(lstatSync(at(name)), { ino, mtimeMs })
  }
  t.deepEqual(readdirSync(folder), before)
  t.is(readFileSync(at('file'), 'utf8'), 'mine')
  closing(t, UnixStream.connect(at('alive')))
})

unix('a stale file can be removed by the program, and bound again', (t) => {
  const path = socketPath(t)
  UnixListener.bind(path).close()
  throwsCode(t, 'ECONNREFUSED', () => UnixStream.connect(path))
  unlinkSync(path)
  const server = closing(t, UnixListener.bind(path))
  closing(t, UnixStream.connect(path))
  closing(t, server.accept()![0])
})

unix('an old server that closes late leaves the file of the new one alone', (t) => {
  const path = socketPath(t)
  for (const replace of [
    () => {
      unlinkSync(path)
      return UnixListener.bind(path)
    },
    () => {
      const fresh = UnixListener.bind(`${path}.new`)
      renameSync(`${path}.new`, path)
      return fresh
    },
  ]) {
    const old = UnixListener.bind(path)
    const waiting = closing(t, UnixStream.connect(path))
    const fresh = replace()
    const { ino } = statSync(path)
    old.close()
    t.is(statSync(path).ino, ino)
    const client = closing(t, UnixStream.connect(path))
    const stream = closing(t, fresh.accept()![0])
    client.write(Buffer.from('x'))
    t.is(stream.read(Buffer.alloc(4)), 1)
    throwsCode(t, 'EPIPE', () => waiting.write(Buffer.from('x')))
    fresh.close()
    unlinkSync(path)
  }
})

unix('a path that leads nowhere is an error with the path', (t) => {
  const folder = directory(t)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  symlinkSync('loop', join(folder, 'loop'))
  for (const [code, path] of [
    ['ENOENT', join(folder, 'missing', 'socket')],
    ['ENOTDIR', join(file, 'socket')],
    ['ELOOP', join(folder, 'loop', 'socket')],
  ] as const) {
    for (const [syscall, bind] of [
      ...binders,
      ['connect', (at: string) => UnixStream.connect(at)],
      [
        'connect',
        (at: string) => {
          using socket = UnixDatagram.unbound()
          socket.connect(at)
        },
      ],
      [
        'sendto',
        (at: string) => {
          using socket = UnixDatagram.unbound()
          socket.sendTo(Buffer.alloc(1), at)
        },
      ],
    ] as const) {
      t.log(syscall, code)
      const error = throwsCode(t, code, () => bind(path))
      t.like(error, { syscall, address: path })
      t.true(error.message.endsWith(` ${path}`))
    }
  }
  t.deepEqual(readdirSync(folder).toSorted(), ['file', 'loop'])
})

unix('errors of listening and connecting have the shape of those of Node', async (t) => {
  const folder = directory(t)
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('file'), '')
  UnixListener.bind(at('stale')).close()
  // Node says EACCES for ENOENT here, for Windows' sake.
  for (const path of [at('file'), at('stale'), folder]) {
    const error = t.throws(() => UnixListener.bind(path))
    t.deepEqual(shapeOf(error), await nodeListenError(t, { path }))
  }
  for (const path of [at('stale'), at('missing'), at('file')]) {
    const error = t.throws(() => UnixStream.connect(path))
    t.deepEqual(shapeOf(error), await nodeConnectError(t, { path }))
  }
})

unix('a socket of another kind is no peer', (t) => {
  const folder = directory(t)
  const [streams, datagrams] = [join(folder, 'streams'), join(folder, 'datagrams')]
  closing(t, UnixListener.bind(streams))
  closing(t, UnixDatagram.bind(datagrams))
  const error = throwsCode(t, 'EPROTOTYPE', () => UnixStream.connect(datagrams))
  t.like(error, { syscall: 'connect', address: datagrams })
  const socket = closing(t, UnixDatagram.unbound())
  t.like(
    throwsCode(t, 'EPROTOTYPE', () => {
      socket.connect(streams)
    }),
    { syscall: 'connect', address: streams },
  )
  throwsCode(t, 'EPROTOTYPE', () => socket.sendTo(Buffer.alloc(1), streams))
})

const root = process.platform === 'linux' && process.getuid?.() === 0 ? test : test.skip

root('who may not is told EACCES (needs root, to become nobody)', async (t) => {
  const folder = directory(t)
  closing(t, UnixListener.bind(join(folder, 'socket')))
  const { code, signal, stdout, stderr } = await run('unix-as-nobody', [folder])
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const outcomes = JSON.parse(stdout) as { code: string; address: string }[]
  t.is(outcomes.length, 4)
  for (const outcome of outcomes) {
    t.is(outcome.code, 'EACCES')
    t.true(outcome.address.startsWith(folder))
  }
  t.deepEqual(readdirSync(folder), ['socket'])
})
