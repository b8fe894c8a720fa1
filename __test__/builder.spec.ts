import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import test from 'ava'
import { SocketBuilder, TcpListener, TcpStream, UdpSocket } from 'mio-js'
import { native } from '#src/binding.js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { eachFamily, hasIPv6, ipv6 } from './support/families.js'
import { isPrivileged, samplesFor } from './support/option-names.js'
import { hasReader, readOptions } from './support/option-reader.js'
import { linux, where } from './support/platforms.js'
import { acceptOne, closing, listener, readExactly, writeAll } from './support/sockets.js'
import { until } from './support/until.js'

eachFamily((run_, family, address) => {
  run_('a listener and a stream that were built talk to each other', async (t) => {
    const builder = TcpListener.builder(family)
    t.true(builder instanceof SocketBuilder)
    builder.options.setReuseAddress(true)
    t.is(builder.bind(address), builder)
    const { port } = builder.localAddr()
    const server = closing(t, builder.listen())
    t.is(server.localAddr().port, port)
    const from = TcpStream.builder(address).bind(address)
    const own = from.localAddr()
    const client = closing(t, from.connect(server.localAddr()))
    const accepted = closing(t, await acceptOne(server))
    await until('it is connected', () => client.finishConnect())
    t.is(accepted.peerAddr().toString(), own.toString())
    await writeAll(client, Buffer.from('hello'))
    t.is((await readExactly(accepted, 5)).toString(), 'hello')
  })
})

for (const family of ['IPv4', 'IPv6'] as const) {
  const isHere = process.platform === 'linux' && (family === 'IPv4' || hasIPv6)
  const run_ = where(isHere, `this is not Linux, or it has no ${family}`)
  run_(`${family}: options of a builder are there before bind, and stay`, async (t) => {
    if (!hasReader(t, 'perl')) return
    // Listening turns quick acknowledgements on again.
    const chosen = samplesFor('builder', family).filter(({ name }) => name !== 'quickAck')
    t.true(chosen.length >= 4)
    const builder = TcpListener.builder(family)
    for (const { set } of chosen) set(builder.options)
    for (const { name, get, value } of chosen) t.deepEqual(get(builder.options), value, name)
    builder.bind(family === 'IPv4' ? '127.0.0.1:0' : '[::1]:0')
    const server = closing(t, builder.listen())
    const read = readOptions(
      server.asRawFd(),
      chosen.map(({ places }) => places),
    )
    t.deepEqual(
      chosen.map(({ name }, n) => [name, read[n]]),
      chosen.map(({ name, read: wanted }) => [name, wanted]),
    )
  })
}

linux('a connection has the options of its builder from the SYN on', async (t) => {
  if (!hasReader(t, 'ss')) return
  const server = listener(t)
  const builder = TcpStream.builder('IPv4')
  builder.options.setCongestion('reno')
  builder.options.setUserTimeout(4321)
  builder.options.setSendBufferSize(30_000)
  if (isPrivileged) builder.options.setMark(99)
  const client = closing(t, builder.connect(server.localAddr()))
  closing(t, await acceptOne(server))
  const filter = `sport = ${client.localAddr().port}`
  const { stdout } = spawnSync('ss', ['-Htnmie', filter], { encoding: 'utf8' })
  t.regex(stdout, / reno /)
  t.regex(stdout, /tb60000,/)
  if (isPrivileged) t.regex(stdout, /fwmark:0x63/)
  t.is(client.options.userTimeout(), 4321)
})

test('a builder sets nothing by itself, and its socket does not block', (t) => {
  const builder = closing(t, TcpListener.builder('IPv4'))
  t.false(builder.options.reuseAddress())
  t.false(builder.options.keepalive().enabled)
  const server = closing(t, builder.bind('127.0.0.1:0').listen(5))
  // Or this would wait for ever.
  t.is(server.accept(), null)
})

linux('to a peer that was never met a fast connect is an ordinary one', async (t) => {
  const server = listener(t)
  server.options.setFastOpen(8)
  const builder = TcpStream.builder('IPv4')
  builder.options.setFastOpenConnect(true)
  const client = closing(t, builder.connect(server.localAddr()))
  await until('it is connected', () => client.finishConnect())
  await writeAll(client, Buffer.from('hello'))
  const accepted = closing(t, await acceptOne(server))
  t.is((await readExactly(accepted, 5)).toString(), 'hello')
})

linux('a descriptor of a builder is not inherited, and the backlog is what was asked for', (t) => {
  if (!hasReader(t, 'ss')) return
  const server = closing(t, TcpListener.builder('IPv4').bind('127.0.0.1:0').listen(7))
  const { port } = server.localAddr()
  const child = spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' })
  const target = readlinkSync(`/proc/self/fd/${server.asRawFd()}`)
  t.regex(target, /^socket:/)
  t.false(child.stdout.includes(target))
  const { stdout } = spawnSync('ss', ['-Hltn', `sport = ${port}`], { encoding: 'utf8' })
  t.is(stdout.trim().split(/\s+/)[2], '7')
})

test('a builder makes one socket, and says that it is over', (t) => {
  const builder = TcpListener.builder('127.0.0.1:0')
  const { options } = builder
  const server = closing(t, builder.bind('127.0.0.1:0').listen())
  for (const operation of [
    () => builder.listen(),
    () => builder.bind('127.0.0.1:0'),
    () => builder.localAddr(),
    () => options.keepalive(),
    () => options.setKeepalive(true),
    () => builder.options.getOption(1, 9),
  ]) {
    throwsCode(t, 'ERR_BUILDER_CLOSED', operation)
  }
  t.false(server.options.keepalive().enabled)
  builder.close()
  t.truthy(server.localAddr())
})

test('a builder that is closed says so, and can be disposed of', (t) => {
  const builder = TcpStream.builder('IPv4')
  builder.close()
  builder.close()
  throwsCode(t, 'ERR_BUILDER_CLOSED', () => builder.connect('127.0.0.1:1'))
  throwsCode(t, 'ERR_BUILDER_CLOSED', () => builder.options.linger())
  const other = TcpStream.builder('IPv4')
  other[Symbol.dispose]()
  throwsCode(t, 'ERR_BUILDER_CLOSED', () => other.bind('127.0.0.1:0'))
})

test('what fails leaves the builder as it was', (t) => {
  const taken = listener(t)
  const builder = closing(t, TcpListener.builder('IPv4'))
  const { port } = taken.localAddr()
  const error = throwsCode(t, 'EADDRINUSE', () => builder.bind(`127.0.0.1:${port}`).listen())
  t.like(error, { syscall: 'bind', address: '127.0.0.1', port })
  builder.bind('127.0.0.1:0')
  throwsCode(t, 'EINVAL', () => builder.bind('127.0.0.1:0'))
  closing(t, builder.listen())
})

test('arguments are checked before there is a socket', (t) => {
  for (const builder of [TcpListener.builder, TcpStream.builder]) {
    throwsCode(t, 'ERR_INVALID_ADDRESS', () => builder('localhost:80'))
    throwsCode(t, 'ERR_INVALID_ADDRESS', () => builder('ipv4'))
    for (const bad of [undefined, null, 4, true, Symbol('s'), () => 0]) {
      const error: NodeJS.ErrnoException | undefined = t.throws(() => builder(bad as never))
      t.regex(error?.code ?? '', /^ERR_INVALID_(ARG_TYPE|ADDRESS)$/)
    }
  }
  const builder = closing(t, TcpListener.builder('IPv4'))
  throwsCode(t, 'ERR_SOCKET_BAD_PORT', () => builder.bind({ address: '127.0.0.1', port: 65_536 }))
  for (const bad of [-1, 1.5, NaN, 2 ** 31]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => builder.listen(bad))
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => builder.listen('5' as never))
})

ipv6('a link-local address wants its scope', (t) => {
  const builder = closing(t, TcpStream.builder('IPv6'))
  const error: NodeJS.ErrnoException | undefined = t.throws(() => builder.bind('[fe80::1]:0'))
  t.regex(error?.code ?? '', /^(EINVAL|EADDRNOTAVAIL)$/)
  const missing: NodeJS.ErrnoException | undefined = t.throws(() =>
    builder.bind('[fe80::1%no-such-interface]:0'),
  )
  const codes = process.platform === 'win32' ? ['EINVAL'] : ['ENODEV', 'ENXIO']
  t.true(codes.includes(missing?.code ?? ''), missing?.code)
  builder.bind('[::1]:0')
})

test('a socket that is nothing yet is no source of another kind', (t) => {
  const handle = native.builderOpen(0, 4)
  const poll = native.pollOpen()
  const invalid = native.read(handle, new Uint8Array(1))
  t.true(invalid < 0)
  t.is(native.accept(handle, new Uint8Array(64)), invalid)
  t.is(native.finishConnect(handle), invalid)
  t.is(native.udpReceive(handle, 0, new Uint8Array(64), new Uint8Array(1)), invalid)
  t.is(native.builderBindUdp(handle, '127.0.0.1', 0, 0, 0), invalid)
  t.true(native.register(poll, handle, 1, 1) < 0)
  t.is(native.builderBind(handle, '127.0.0.1', 0, 0, 0), 0)
  const listening = native.builderListen(handle, 1)
  t.true(listening >= 0)
  t.is(native.builderListen(listening, 1), invalid)
  t.is(native.builderBind(listening, '127.0.0.1', 0, 0, 0), invalid)
  t.true(native.builderConnect(handle, '127.0.0.1', 1, 0, 0) < 0)
  native.sourceClose(listening)
  native.pollClose(poll)
})

test('a UDP socket is built by the same means', (t) => {
  const builder = UdpSocket.builder('IPv4')
  builder.options.setRecvBufferSize(40_000)
  builder.options.setReuseAddress(true)
  const socket = closing(t, builder.bind('127.0.0.1:0'))
  const same = UdpSocket.builder('127.0.0.1:0')
  same.options.setReuseAddress(true)
  t.notThrows(() => same.bind(socket.localAddr()).close())
  t.true(socket.options.reuseAddress())
  if (process.platform === 'linux') t.is(socket.options.recvBufferSize(), 80_000)
  throwsCode(t, 'ERR_BUILDER_CLOSED', () => builder.bind('127.0.0.1:0'))
  const other = closing(t, UdpSocket.builder('IPv4'))
  throwsCode(t, 'EADDRNOTAVAIL', () => other.bind('192.0.2.1:0'))
})

test('a builder that is collected unclosed is closed, with a warning', async (t) => {
  const outcome = await run('builder-collected', [], ['--expose-gc'])
  t.is(outcome.code, 0, outcome.stderr)
  t.deepEqual(JSON.parse(outcome.stdout), {
    warning: 'A TcpListenerBuilder was closed on garbage collection; call its close() instead',
    code: 'MIO_UNCLOSED',
    open: 0,
  })
})
