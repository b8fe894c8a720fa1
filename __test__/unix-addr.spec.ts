import { existsSync, readdirSync, statSync } from 'node:fs'
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import {
  SocketAddr,
  UnixAddr,
  type UnixAddrInit,
  UnixDatagram,
  UnixListener,
  UnixStream,
} from 'mio-js'
import './support/census.js'
import { directory } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { linux, unix, windows } from './support/platforms.js'
import { closing } from './support/sockets.js'
import { freeName, longest, meeting, socketPath } from './support/unix.js'

const notLinux = process.platform === 'linux' ? test.skip : test

/** Everything that takes an address. */
const takers: Record<string, (address: UnixAddrInit) => unknown> = {
  'UnixListener.bind': (address) => UnixListener.bind(address),
  'UnixStream.connect': (address) => UnixStream.connect(address),
  'UnixDatagram.bind': (address) => UnixDatagram.bind(address),
  connect: (address) => withDatagram((socket) => socket.connect(address)),
  sendTo: (address) => withDatagram((socket) => socket.sendTo(Buffer.alloc(1), address)),
}

function withDatagram(operation: (socket: UnixDatagram) => unknown): unknown {
  using socket = UnixDatagram.unbound()
  return operation(socket)
}

/** Every taker, and what makes an address of a path. */
const pathTakers: typeof takers = {
  ...takers,
  'UnixAddr.fromPathname': (path) => UnixAddr.fromPathname(path as string),
}

unix('a path is told as text and as bytes', (t) => {
  for (const path of ['/tmp/a', 'relative', '@', '/tmp/käse 🧀', ' ']) {
    for (const form of [path, Buffer.from(path), new Uint8Array(Buffer.from(path))]) {
      const address = UnixAddr.fromPathname(form)
      t.is(address.path, path)
      t.deepEqual(address.pathBytes, Buffer.from(path))
      t.is(address.abstractName, undefined)
      t.false(address.isUnnamed())
      t.is(String(address), path)
    }
  }
})

linux('a path that is no UTF-8 is taken and told as bytes (Linux)', (t) => {
  const folder = directory(t)
  const name = Buffer.from([0xff, 0xfe, 0x80])
  const path = Buffer.concat([Buffer.from(`${folder}/`), name])
  const server = closing(t, UnixListener.bind(path))
  t.deepEqual(readdirSync(folder, { encoding: 'buffer' }), [name])
  const address = server.localAddr()
  t.is(address.path, undefined)
  t.deepEqual(address.pathBytes, path)
  t.false(address.isUnnamed())
  for (const form of [path, address, UnixAddr.fromPathname(path)]) {
    const client = closing(t, UnixStream.connect(form))
    t.deepEqual(client.peerAddr(), address)
    closing(t, server.accept()![0])
  }
})

linux('an abstract name has any bytes, and exactly those (Linux)', (t) => {
  const unique = freeName().abstractName!
  for (const name of [
    unique,
    Buffer.concat([unique, Buffer.alloc(5)]),
    Buffer.concat([Buffer.alloc(3), unique]),
    Buffer.concat([unique, Buffer.from([0xff, 0, 0xfe])]),
    Buffer.concat([unique, Buffer.alloc(longest - unique.length)]),
    Buffer.concat([unique, Buffer.alloc(longest - unique.length, 'x')]),
  ]) {
    const address = UnixAddr.fromAbstractName(name)
    t.is(address.path, undefined)
    t.is(address.pathBytes, undefined)
    t.deepEqual(address.abstractName, name)
    t.false(address.isUnnamed())
    const server = closing(t, UnixListener.bind(address))
    t.deepEqual(server.localAddr(), address)
    const client = closing(t, UnixStream.connect(address))
    t.deepEqual(client.peerAddr(), address)
    throwsCode(t, 'EADDRINUSE', () => UnixListener.bind(address))
    server.close()
    throwsCode(t, 'ECONNREFUSED', () => UnixStream.connect(address))
  }
  t.deepEqual(UnixAddr.fromAbstractName('käse').abstractName, Buffer.from('käse'))
  t.deepEqual(UnixAddr.fromAbstractName('').abstractName, Buffer.alloc(0))
  t.false(UnixAddr.fromAbstractName('').isUnnamed())
})

linux('an abstract name is one byte shorter than the room for it (Linux)', (t) => {
  for (const length of [longest + 1, longest + 2, 1000, 10_000_000]) {
    for (const name of ['n'.repeat(length), Buffer.alloc(length)]) {
      const error = throwsCode(t, 'ENAMETOOLONG', () => UnixAddr.fromAbstractName(name))
      t.is(error.syscall, 'fromAbstractName')
      t.true(error.message.length < 2000)
    }
  }
})

linux('an abstract name is written with @, and what is not printed is escaped (Linux)', (t) => {
  t.is(String(UnixAddr.fromAbstractName('name')), '@name')
  t.is(String(UnixAddr.fromAbstractName('a\0b\n')), String.raw`@a\x00b\x0a`)
  const error = throwsCode(t, 'ECONNREFUSED', () =>
    UnixStream.connect(UnixAddr.fromAbstractName('no\0body')),
  )
  t.is((error as { address?: string }).address, String.raw`@no\x00body`)
})

notLinux('an abstract name is unavailable elsewhere than on Linux', (t) => {
  throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => UnixAddr.fromAbstractName('name'))
})

linux('no two addresses are equal that are not the same (Linux)', (t) => {
  const [client] = meeting(t)
  const addresses = [
    client.localAddr(),
    UnixAddr.fromPathname('name'),
    UnixAddr.fromPathname('other'),
    UnixAddr.fromPathname(Buffer.from([0xff])),
    UnixAddr.fromPathname(Buffer.from([0xfe])),
    UnixAddr.fromAbstractName('name'),
    UnixAddr.fromAbstractName(''),
  ]
  for (const [index, one] of addresses.entries()) {
    for (const [at, other] of addresses.entries()) {
      if (index === at) t.deepEqual(one, other)
      else t.notDeepEqual(one, other)
    }
  }
})

unix('an address is frozen, and what it tells are copies', (t) => {
  const path = socketPath(t)
  const given = Buffer.from(path)
  const address = UnixAddr.fromPathname(given)
  given.fill(0)
  t.true(Object.isFrozen(address))
  t.throws(() => Object.assign(address, { path: '/elsewhere' }), { instanceOf: TypeError })
  address.pathBytes!.fill('x')
  const server = closing(t, UnixListener.bind(address))
  t.true(statSync(path).isSocket())
  t.is(server.localAddr().path, path)
  t.is(String(address), path)
})

unix('a socket without a name has an address that nobody can connect to', (t) => {
  const [client] = meeting(t)
  const address = client.localAddr()
  t.true(address.isUnnamed())
  t.is(address.path, undefined)
  t.is(address.pathBytes, undefined)
  t.is(address.abstractName, undefined)
  t.is(String(address), '(unnamed)')
  for (const [name, take] of Object.entries(takers)) {
    t.log(name)
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => take(address))
  }
})

unix('a path that is empty, or has NUL in it, is refused', (t) => {
  const path = socketPath(t)
  const detached = Buffer.from(new TextEncoder().encode(path).buffer)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  for (const [name, take] of Object.entries(pathTakers)) {
    for (const bad of ['', '\0', `${path}\0`, `\0${path}`, `${path}\0x`]) {
      t.log(name, inspect(bad))
      for (const form of [bad, Buffer.from(bad)]) {
        const error = throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => take(form))
        t.true(error instanceof TypeError)
      }
    }
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => take(detached))
  }
  t.false(existsSync(path))
})

unix('text that is no Unicode is refused, as it would be another path', (t) => {
  const path = `${socketPath(t)}\ud83e`
  for (const [name, take] of Object.entries(pathTakers)) {
    t.log(name)
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => take(path))
  }
  t.false(existsSync(path))
})

/** A path of exactly so many bytes, and the directory that it is in. */
function pathOf(t: ExecutionContext, length: number, fill = 'p'): [path: string, folder: string] {
  const folder = directory(t)
  const room = length - Buffer.byteLength(folder) - 1
  return [`${folder}/${fill.repeat(room).slice(0, room)}`, folder]
}

unix('a path of the greatest length works to the last byte', (t) => {
  const [path, folder] = pathOf(t, longest)
  const server = closing(t, UnixListener.bind(path))
  t.deepEqual(readdirSync(folder), [path.slice(folder.length + 1)])
  t.is(server.localAddr().path, path)
  const client = closing(t, UnixStream.connect(path))
  t.is(client.peerAddr().path, path)
  const [last] = pathOf(t, longest, 'q')
  const receiver = closing(t, UnixDatagram.bind(last))
  const sender = closing(t, UnixDatagram.unbound())
  t.is(sender.sendTo(Buffer.from('x'), receiver.localAddr()), 1)
  t.is(receiver.recv(Buffer.alloc(8)), 1)
  const answer = closing(t, UnixDatagram.bind(pathOf(t, longest, 'r')[0]))
  answer.sendTo(Buffer.from('y'), last)
  t.deepEqual(receiver.recvFrom(Buffer.alloc(8)), [1, answer.localAddr()])
})

unix('a longer path is ENAMETOOLONG with the path, and never cut', (t) => {
  const [path, folder] = pathOf(t, longest)
  for (const [name, take] of Object.entries(pathTakers)) {
    t.log(name)
    for (const bad of [
      `${path}1`,
      `${path}12`,
      // Its last character does not fit as a whole.
      `${path.slice(0, -1)}ü`,
      `${path.slice(0, -2)}🧀`,
    ]) {
      const error = throwsCode(t, 'ENAMETOOLONG', () => take(bad))
      t.is((error as { address?: string }).address, bad)
      t.true(error.message.includes(bad))
      throwsCode(t, 'ENAMETOOLONG', () => take(Buffer.from(bad)))
    }
    throwsCode(t, 'ENAMETOOLONG', () => take('x'.repeat(10_000_000)))
    throwsCode(t, 'ENAMETOOLONG', () => take(Buffer.alloc(10_000_000, 'x')))
  }
  t.deepEqual(readdirSync(folder), [])
})

test('what is no address is refused', (t) => {
  const address = process.platform === 'win32' ? undefined : UnixAddr.fromPathname('/tmp/x')
  for (const [name, take] of Object.entries(pathTakers)) {
    if (process.platform === 'win32' && !name.startsWith('Unix')) continue
    t.log(name)
    for (const bad of [
      undefined,
      null,
      5,
      5n,
      true,
      Symbol('s'),
      () => '/tmp/x',
      {},
      ['/tmp/x'],
      { path: '/tmp/x' },
      { toString: () => '/tmp/x' },
      new URL('file:///tmp/x'),
      new SocketAddr('127.0.0.1:80'),
      new ArrayBuffer(4),
      new Uint16Array(4),
      new DataView(new ArrayBuffer(4)),
      ...(address === undefined
        ? []
        : [Object.create(address) as object, new Proxy(address, {}), structuredClone(address)]),
    ]) {
      const error = throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => take(bad as unknown as string))
      t.true(error instanceof TypeError)
    }
  }
})

unix('fromPathname takes no address', (t) => {
  const address = UnixAddr.fromPathname('/tmp/x')
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => UnixAddr.fromPathname(address as never))
})

test('an address is made by its static methods alone', (t) => {
  const Constructor = UnixAddr as unknown as new (...args: unknown[]) => UnixAddr
  for (const make of [
    () => new Constructor(),
    () => new Constructor(Buffer.from('/tmp/x'), Symbol('UnixAddr')),
    () => Reflect.construct(UnixAddr, ['/tmp/x'], Array) as unknown,
  ]) {
    t.true(throwsCode(t, 'ERR_ILLEGAL_CONSTRUCTOR', make) instanceof TypeError)
  }
})

windows('every factory is unavailable on Windows', (t) => {
  for (const make of [
    () => UnixAddr.fromPathname('x'),
    () => UnixAddr.fromAbstractName('x'),
    () => UnixListener.bind('x'),
    () => UnixListener.fromRawFd(3),
    () => UnixStream.connect('x'),
    () => UnixStream.pair(),
    () => UnixStream.fromRawFd(3),
    () => UnixDatagram.bind('x'),
    () => UnixDatagram.unbound(),
    () => UnixDatagram.pair(),
    () => UnixDatagram.fromRawFd(3),
  ]) {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', make)
  }
})
