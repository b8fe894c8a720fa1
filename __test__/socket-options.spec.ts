import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  SocketLevel,
  SocketOptions,
  TcpListener,
  TcpStream,
  UnixDatagram,
  UnixListener,
  UnixStream,
} from 'mio-js'
import { native } from '#src/binding.js'
import { optionNames } from '#src/option-values.js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { hasIPv6 } from './support/families.js'
import { isPrivileged, type Sample, samples, samplesFor } from './support/option-names.js'
import { hasReader, readOptions } from './support/option-reader.js'
import { linux } from './support/platforms.js'
import { intoRaw, streamOf } from './support/raw.js'
import { acceptOne, closing, listener, pair } from './support/sockets.js'
import { until } from './support/until.js'
import { wrongValues } from './support/wrong-values.js'

interface Optioned {
  readonly options: SocketOptions
  asRawFd(): number
}

/** Sets all samples, and compares what we and another program read then. */
function agree(t: ExecutionContext, socket: Optioned, chosen: readonly Sample[]): void {
  for (const { set } of chosen) set(socket.options)
  const read = readOptions(
    socket.asRawFd(),
    chosen.map(({ places }) => places),
  )
  for (const [n, sample] of chosen.entries()) {
    t.is(read[n], sample.read, sample.name)
    t.deepEqual(sample.get(socket.options), sample.value, sample.name)
  }
}

linux('what is set on a listener is what another program reads', (t) => {
  if (!hasReader(t, 'perl')) return
  agree(t, listener(t), samplesFor('listener', 'IPv4'))
  if (hasIPv6) agree(t, listener(t, '[::1]:0'), samplesFor('listener', 'IPv6'))
})

linux('what is set on both ends of a connection is what another program reads', async (t) => {
  if (!hasReader(t, 'perl')) return
  for (const end of await pair(t)) agree(t, end, samplesFor('stream', 'IPv4'))
  if (!hasIPv6) return
  for (const end of await pair(t, '[::1]:0')) agree(t, end, samplesFor('stream', 'IPv6'))
})

/** What has `ss` show this connection alone: others may have the same port, to another one. */
function filterFor(client: TcpStream): string {
  return `sport = ${client.localAddr().port} and dport = ${client.peerAddr().port}`
}

linux('what another program sees in ss is what was set', async (t) => {
  if (!hasReader(t, 'ss')) return
  const [client] = await pair(t)
  client.options.setCongestion('reno')
  client.options.setRecvBufferSize(40_000)
  client.options.setKeepalive({ time: 3_600_000 })
  if (isPrivileged) client.options.setMark(0x77)
  const { stdout } = spawnSync('ss', ['-Htnmoie', filterFor(client)], { encoding: 'utf8' })
  t.regex(stdout, / reno /)
  t.regex(stdout, /rb80000,/)
  t.regex(stdout, /timer:\(keepalive,(59min|60min)/)
  if (isPrivileged) t.regex(stdout, /fwmark:0x77/)
})

/** The rows of the table in the documentation: the cells of each. */
function documented(): string[][] {
  const text = readFileSync('docs/options.md', 'utf8')
  return [...text.matchAll(/^\| `(\w+)` .*$/gm)].map(([line]) =>
    line.split('|').map((cell) => cell.trim()),
  )
}

const methods = Object.getOwnPropertyNames(SocketOptions.prototype)

test('docs/options.md has one row for each option, and no other', (t) => {
  const setters = methods.filter((name) => name.startsWith('set') && name !== 'setOption')
  const names = setters.map((name) => `${name[3]?.toLowerCase()}${name.slice(4)}`)
  for (const name of names) t.true(methods.includes(name), `${name} has a getter`)
  t.deepEqual(
    documented()
      .map(([, name]) => name?.slice(1, -1))
      .toSorted(),
    names.toSorted(),
  )
  t.deepEqual([...new Set(samples.map(({ name }) => name))].toSorted(), names.toSorted())
  t.deepEqual(optionNames.toSorted() as string[], names.toSorted())
  const others = methods.filter((name) => !names.includes(name) && !setters.includes(name))
  t.deepEqual(others.toSorted(), ['constructor', 'getOption', 'setOption', 'tcpInfo'])
})

linux('accepted sockets inherit what docs/options.md says', async (t) => {
  if (!hasReader(t, 'perl')) return
  for (const [, cell, , , , inherited] of documented()) {
    const name = cell?.slice(1, -1)
    for (const sample of samples.filter((one) => one.name === name)) {
      if (sample.family === 'IPv6' && !hasIPv6) continue
      if (sample.privileged && !isPrivileged) continue
      // The first two are no options of a listener or let nobody in, the last the system sets itself.
      if (['fastOpenConnect', 'deferAccept', 'incomingCpu'].includes(name ?? '')) continue
      const builder = closing(t, TcpListener.builder(sample.family))
      sample.set(builder.options)
      builder.bind(sample.family === 'IPv4' ? '127.0.0.1:0' : '[::1]:0')
      const server = closing(t, builder.listen())
      closing(t, TcpStream.connect(server.localAddr()))
      const accepted = closing(t, await acceptOne(server))
      const [read] = readOptions(accepted.asRawFd(), [sample.places])
      // What is read of a connection is what it uses, which has room for the timestamps.
      const wanted = name === 'maxSegment' ? '988' : sample.read
      t.is(read === wanted, inherited === 'yes', `${name}: ${read}`)
    }
  }
})

linux('Unix sockets have the options of sockets, and none of TCP', (t) => {
  if (!hasReader(t, 'perl')) return
  const [first, second] = UnixStream.pair()
  const [datagram, other] = UnixDatagram.pair()
  const path = join(tmpdir(), `mio-js-options-${process.pid}.sock`)
  const server = UnixListener.bind(path)
  const chosen = samples.filter(({ name }) => ['sendBufferSize', 'recvBufferSize'].includes(name))
  for (const socket of [first, second, datagram, other, server]) {
    agree(t, socket, chosen)
    throwsCode(t, 'ENOTSUP', () => socket.options.nodelay())
    throwsCode(t, 'ENOTSUP', () => socket.options.tcpInfo())
    socket.options.setKeepalive(true)
    t.like(socket.options.keepalive(), { enabled: true, time: undefined, count: undefined })
    socket.close()
    throwsCode(t, 'ERR_SOURCE_CLOSED', () => socket.options.linger())
  }
  rmSync(path)
})

test('null and false take back what was set', async (t) => {
  const [client] = await pair(t)
  const { options } = client
  t.is(options, client.options)
  t.is(options.linger(), null)
  options.setLinger(0)
  t.is(options.linger(), 0)
  options.setLinger(null)
  t.is(options.linger(), null)
  options.setKeepalive(true)
  t.true(options.keepalive().enabled)
  const { time } = options.keepalive()
  options.setKeepalive({ enabled: false })
  t.deepEqual(
    { enabled: options.keepalive().enabled, time: options.keepalive().time },
    { enabled: false, time },
  )
})

linux('a device is bound and unbound', (t) => {
  const { options } = listener(t)
  t.is(options.bindDevice(), null)
  options.setBindDevice(null)
  if (!isPrivileged) return
  options.setBindDevice('lo')
  t.is(options.bindDevice(), 'lo')
  throwsCode(t, 'ENODEV', () => options.setBindDevice('mio-js-missing'))
  options.setBindDevice(null)
  t.is(options.bindDevice(), null)
})

/** What of the wrong values is right, by setter; else only those that hardly any option takes. */
const right: Record<string, readonly string[]> = {
  setLinger: ['null', '1.5'],
  setDeferAccept: ['1.5'],
  setKeepalive: [
    'true',
    'date',
    'array',
    'number object',
    'number in disguise',
    'throws when looked at',
    // What a proxy throws passes through.
    'revoked proxy',
  ],
  setBindDevice: ['null'],
}

const takesBooleans =
  /^set(Nodelay|Reuse|OnlyV6|QuickAck|Cork|FastOpenConnect|Freebind|Transparent)/

test('no wrong value of any setter reaches the system', (t) => {
  const { options } = listener(t)
  const bag = options as unknown as Record<string, (...args: unknown[]) => unknown>
  const setters = methods.filter((name) => name.startsWith('set') && name !== 'setOption')
  t.true(setters.length > 25)
  for (const setter of setters) {
    for (const [label, value] of Object.entries(wrongValues)) {
      if (right[setter]?.includes(label) === true) continue
      if (label === 'true' && takesBooleans.test(setter)) continue
      if (label === 'text' && setter === 'setCongestion') continue
      if (label === 'text' && setter === 'setBindDevice') continue
      const error = t.throws(() => bag[setter]?.(value), undefined, `${setter} of ${label}`)
      t.regex(
        (error as NodeJS.ErrnoException).code ?? String(error),
        /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/,
        `${setter} of ${label}`,
      )
    }
  }
})

test('no number wraps, whoever checks it', (t) => {
  const socket = TcpListener.bind('127.0.0.1:0')
  const { options } = socket
  const range = (operation: () => void): void => void throwsCode(t, 'ERR_OUT_OF_RANGE', operation)
  range(() => options.setTtl(256))
  range(() => options.setTos(256))
  range(() => options.setRecvBufferSize(2 ** 31))
  range(() => options.setMark(2 ** 32))
  range(() => options.setLinger(65_535_001))
  range(() => options.setKeepalive({ time: 32_767_001 }))
  range(() => options.setKeepalive({ time: 0 }))
  range(() => options.setKeepalive({ count: 128 }))
  t.false(options.keepalive().enabled)
  const handle = native.listenerBind('127.0.0.1', 0, 0, 0, 1)
  const outOfRange = native.setOption(handle, 'ttl', 256)
  const numbers = ['ttl', 'tos', 'hopLimit', 'keepalive', 'nodelay', 'linger', 'recvBufferSize']
  if (process.platform === 'linux') numbers.push('mark', 'priority', 'userTimeout', 'deferAccept')
  for (const name of numbers) {
    for (const value of [2 ** 32 + 1, 2 ** 52]) {
      t.is(native.setOption(handle, name, value), outOfRange, name)
    }
  }
  native.sourceClose(handle)
  socket.close()
})

test('names that the system would cut are refused', (t) => {
  const { options } = listener(t)
  for (const name of ['', 'x'.repeat(16), 'cubic\0', 'ö'.repeat(8)]) {
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => options.setCongestion(name))
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => options.setBindDevice(name))
  }
  if (process.platform !== 'linux') return
  throwsCode(t, 'ENOENT', () => options.setCongestion('no-such-way'))
})

test('what this kind of socket does not have is the error of the system', (t) => {
  const { options } = listener(t)
  for (const read of [() => options.hopLimit(), () => options.onlyV6()]) {
    const error: NodeJS.ErrnoException | undefined = t.throws(read)
    t.like(error, { syscall: 'getsockopt' })
    t.regex(error?.code ?? '', /^(ENOPROTOOPT|ENOTSUP|EINVAL)$/)
  }
})

test('what this system does not have is known before it is asked', (t) => {
  const { options } = listener(t)
  const isUnavailable = process.platform !== 'linux'
  if (isUnavailable) throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => options.mark())
  else t.is(options.mark(), 0)
  const handle = native.listenerBind('127.0.0.1', 0, 0, 0, 1)
  t.is(native.option(handle, 'noSuchOption'), native.option(handle, ''))
  t.true(native.option(handle, 'noSuchOption') < 0)
  native.sourceClose(handle)
})

test('options of a closed socket are those of no other', async (t) => {
  const [client, server] = await pair(t)
  const { options } = client
  client.close()
  // Most likely it gets the descriptor.
  const next = TcpListener.bind('127.0.0.1:0')
  for (const method of methods) {
    if (method === 'constructor' || method.startsWith('set')) continue
    const call = (options as unknown as Record<string, (...args: number[]) => unknown>)[method]
    throwsCode(t, 'ERR_SOURCE_CLOSED', () => call?.call(options, 1, 9))
  }
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => options.setKeepalive(true))
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => options.setOption(SocketLevel.SOCKET, 9, true))
  t.false(next.options.keepalive().enabled)
  next.close()
  streamOf(intoRaw(server)).close()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => server.options.linger())
})

linux('tcpInfo tells what happened on the connection', async (t) => {
  const [client, server] = await pair(t)
  client.write(Buffer.alloc(1000))
  const info = client.options.tcpInfo()
  t.true(Object.isFrozen(info))
  t.like(info, { state: 'ESTABLISHED', bytesSent: 1000, bytesReceived: 0, totalRetrans: 0 })
  t.true((info.rtt ?? 0) > 0 && (info.rtt ?? 0) < 10_000)
  t.true((info.sendMss ?? 0) > 500 && (info.pathMtu ?? 0) >= (info.sendMss ?? 0))
  t.is(server.read(Buffer.alloc(2000)), 1000)
  t.is(server.options.tcpInfo().bytesReceived, 1000)
  client.close()
  await until('the FIN is there', () => server.options.tcpInfo().state === 'CLOSE_WAIT')
  t.is(listener(t).options.tcpInfo().state, 'LISTEN')
})

linux('tcpInfo says what another program sees', async (t) => {
  if (!hasReader(t, 'ss')) return
  const [client, server] = await pair(t)
  client.write(Buffer.alloc(1000))
  await until('it has arrived', () => server.peek(Buffer.alloc(1)) === 1)
  await until('it is acknowledged', () => client.options.tcpInfo().unacked === 0)
  const { stdout } = spawnSync('ss', ['-Htni', filterFor(client)], { encoding: 'utf8' })
  const shown = (name: string): number =>
    Number(new RegExp(`\\b${name}:([\\d.]+)`).exec(stdout)?.[1])
  const info = client.options.tcpInfo()
  t.like(info, {
    rto: shown('rto'),
    sendMss: shown('mss'),
    pathMtu: shown('pmtu'),
    recvMss: shown('rcvmss'),
    advMss: shown('advmss'),
    sendCwnd: shown('cwnd'),
    bytesSent: shown('bytes_sent'),
    bytesAcked: shown('bytes_acked'),
    segsOut: shown('segs_out'),
    segsIn: shown('segs_in'),
    dataSegsOut: shown('data_segs_out'),
    recvSpace: shown('rcv_space'),
    sendWindow: shown('snd_wnd'),
    delivered: shown('delivered'),
    minRtt: shown('minrtt'),
  })
  t.is(info.rtt, Number(/\brtt:([\d.]+)/.exec(stdout)?.[1]))
})

test('any option by its numbers', async (t) => {
  const [client] = await pair(t)
  const { options } = client
  const keepalive = process.platform === 'linux' ? 9 : 8
  options.setOption(SocketLevel.SOCKET, keepalive, true)
  t.true(options.keepalive().enabled)
  t.true(options.getOption(SocketLevel.SOCKET, keepalive).some((byte) => byte !== 0))
  options.setOption(SocketLevel.SOCKET, keepalive, 0)
  t.false(options.keepalive().enabled)
  options.setOption(SocketLevel.TCP, 1, Buffer.from(Int32Array.of(1).buffer))
  t.true(options.nodelay())
  // Windows has truths of one byte.
  const lengths = process.platform === 'win32' ? [1, 4] : [4]
  t.true(lengths.includes(options.getOption(SocketLevel.TCP, 1).length))
  if (process.platform !== 'linux') return
  options.setCongestion('reno')
  t.is(options.getOption(SocketLevel.TCP, 13, 16).toString('latin1').replace(/\0+$/, ''), 'reno')
  t.is(options.getOption(SocketLevel.TCP, 11, 8).length, 8)
  options.setOption(SocketLevel.SOCKET, 20, new Uint8Array(16))
  options.setOption(SocketLevel.TCP, 25, 2 ** 32 - 1)
  t.is(options.notSentLowat(), 2 ** 32 - 1)
})

test('options that could touch other memory are refused', async (t) => {
  const [client] = await pair(t)
  const { options } = client
  const unsafe: readonly (readonly [number, number])[] =
    process.platform === 'linux'
      ? [
          ...[26, 51].map((name) => [SocketLevel.SOCKET, name] as const),
          ...[41, 48, 64, 65, 66, 67, 80, 96, 128, 200].map(
            (name) => [SocketLevel.IP, name] as const,
          ),
          ...[48, 64, 65, 68, 69, 80, 81, 200].map((name) => [SocketLevel.IPV6, name] as const),
          ...[35, 41].map((name) => [SocketLevel.TCP, name] as const),
        ]
      : []
  const levels = [2, 255, 263, 270, 282, 284, -1, 1 + 2 ** 16].map((level) => [level, 1] as const)
  for (const [level, name] of [...unsafe, ...levels]) {
    const label = `${level} ${name}`
    throwsCode(t, 'ERR_OPTION_UNSAFE', () => t.log(label, options.getOption(level, name)))
    throwsCode(t, 'ERR_OPTION_UNSAFE', () => options.setOption(level, name, Buffer.alloc(64)))
  }
  if (process.platform !== 'linux' || !hasIPv6) return
  const [six] = await pair(t, '[::1]:0')
  t.is(six.options.getOption(SocketLevel.IPV6, 67).readInt32LE(0), 0)
})

linux('no option that may be read writes beyond its buffer', async (t) => {
  const [client] = await pair(t)
  const { options } = client
  let answered = 0
  for (const level of [
    SocketLevel.SOCKET,
    SocketLevel.IP,
    SocketLevel.TCP,
    SocketLevel.UDP,
    SocketLevel.IPV6,
  ]) {
    for (let name = 0; name < 130; name += 1) {
      // A descriptor of a process would be opened.
      if (level === SocketLevel.SOCKET && name === 77) continue
      for (const length of [1, 4, 7, 256]) {
        try {
          t.true(options.getOption(level, name, length).length <= length)
          answered += 1
        } catch (error) {
          t.regex((error as NodeJS.ErrnoException).code ?? '', /^E/)
        }
      }
    }
  }
  t.true(answered > 100)
  t.is(client.write(Buffer.from('still there')), 11)
})

test('arguments of options by number are checked', async (t) => {
  const [{ options }] = await pair(t)
  const { SOCKET } = SocketLevel
  for (const bad of [NaN, 1.5, 2 ** 31, -(2 ** 31) - 1]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.getOption(bad, 9))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.getOption(SOCKET, bad))
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.setOption(bad, 9, 1))
  }
  for (const bad of [0, -1, 65_537, 1.5]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.getOption(SOCKET, 9, bad))
  }
  for (const bad of [2 ** 32, -(2 ** 31) - 1, 0.5, NaN]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.setOption(SOCKET, 9, bad))
  }
  for (const bad of ['1', null, undefined, {}, [1], 1n, Symbol('s'), new Uint16Array(2)]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => options.setOption(SOCKET, 9, bad as never))
  }
  const shared = new Uint8Array(new SharedArrayBuffer(4))
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => options.setOption(SOCKET, 9, shared))
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => options.setOption(SOCKET, 9, Buffer.alloc(65_537)))
  const gone = new Uint8Array(4)
  structuredClone(gone, { transfer: [gone.buffer] })
  throwsCode(t, 'ERR_BUFFER_DETACHED', () => options.setOption(SOCKET, 9, gone))
})
