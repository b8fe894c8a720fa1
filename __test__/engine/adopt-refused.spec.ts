import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { Poll, TcpStream } from 'mio-js'
import type { AdoptOptions, Engine } from 'mio-js/engine'
import { detach } from '../support/bytes.js'
import '../support/census.js'
import { adopting, dial, linked, readToEnd } from '../support/engine-sockets.js'
import { listening, underEachDriver, underEachDriverOfUnix } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { asRaw, intoRaw, listenerOf, noSocket, statOf, streamOf } from '../support/raw.js'
import { acceptOne, closing, listener, pair, readExactly } from '../support/sockets.js'

/** The descriptor of a connection, and the stream at its other end. */
async function descriptor(t: ExecutionContext): Promise<[fd: number, peer: TcpStream]> {
  const [stream, peer] = await pair(t)
  return [intoRaw(stream), peer]
}

/** Asserts that the engine does not take a descriptor, which stays as it is. */
function isRefused(t: ExecutionContext, engine: Engine, code: string, fd: number): void {
  const error = throwsCode(t, code, () => engine.adopt(fd))
  t.is(error.message.length > 0, true)
  if (process.platform !== 'win32') t.notThrows(() => statOf(fd))
}

underEachDriver('what is no descriptor is refused', async (t, make) => {
  const engine = make()
  for (const fd of [-1, 2 ** 31, 2 ** 53, 1.5, NaN, Infinity]) {
    t.true(throwsCode(t, 'ERR_OUT_OF_RANGE', () => engine.adopt(fd)) instanceof RangeError)
  }
  for (const fd of ['3', 3n, null, undefined, true, {}, [3], Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => engine.adopt(fd as number))
  }
  throwsCode(t, noSocket, () => engine.adopt(2 ** 31 - 1))
  const closed = openSync(import.meta.filename, 'r')
  closeSync(closed)
  throwsCode(t, noSocket, () => engine.adopt(closed))
})

/** Descriptors of sockets that this process has. */
const sockets = (): number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
      } catch {
        return false
      }
    })

underEachDriverOfUnix('files and selectors are refused, and stay open', (t, make) => {
  const engine = make()
  const opened = [openSync(import.meta.filename, 'r'), openSync(import.meta.dirname, 'r')]
  using poll = new Poll()
  for (const fd of [...opened, poll.asRawFd()]) isRefused(t, engine, 'ENOTSOCK', fd)
  for (const fd of opened) closeSync(fd)
})

underEachDriver('what is no connection is refused, and works on', async (t, make) => {
  const engine = make()
  const server = listener(t)
  const at = server.localAddr()
  const fd = intoRaw(server)
  isRefused(t, engine, 'ERR_INVALID_FD_TYPE', fd)
  const again = closing(t, listenerOf(fd))
  closing(t, TcpStream.connect(at))
  closing(t, await acceptOne(again))
})

underEachDriver('what somebody here has is refused, and works on', async (t, make) => {
  const engine = make()
  const [stream, peer] = await pair(t)
  isRefused(t, engine, 'ERR_FD_OWNED', asRaw(stream))
  stream.write(Buffer.from('x'))
  await readExactly(peer, 1)
  const [fd] = await descriptor(t)
  const journal = adopting(engine, fd)
  isRefused(t, engine, 'ERR_FD_OWNED', fd)
  await journal.saw('open')
  isRefused(t, make(), 'ERR_FD_OWNED', fd)
  throwsCode(t, 'ERR_FD_OWNED', () => streamOf(fd))
  journal.socket.terminate()
  await journal.saw('close')
})

if (process.platform === 'linux') {
  underEachDriver(
    'neither a UDP socket nor what an engine has is taken (Linux)',
    async (t, make) => {
      const engine = make()
      const before = new Set(sockets())
      const udp = closing(t, createSocket('udp4').bind(0, '127.0.0.1'))
      await once(udp, 'listening')
      const [fd] = sockets().filter((number) => !before.has(number)) as [number]
      isRefused(t, engine, 'ERR_INVALID_FD_TYPE', fd)
      const second = createSocket('udp4')
      second.send('x', udp.address().port, '127.0.0.1')
      await once(udp, 'message')
      await new Promise<void>((resolve) => second.close(resolve))

      const known = new Set(sockets())
      const { client, accepted: other, server } = await linked(engine)
      const own = sockets().filter((number) => !known.has(number))
      t.is(own.length, 3)
      for (const number of own) {
        const error = t.throws<NodeJS.ErrnoException>(() => engine.adopt(number))
        t.regex(error.code!, /^ERR_(FD_OWNED|INVALID_FD_TYPE)$/)
      }
      client.socket.write('x')
      await other.has(1)
      server.closeNow()
    },
  )

  underEachDriver('a listener of Node is refused, and works on (Linux)', async (t, make) => {
    const engine = make()
    const before = new Set(sockets())
    const { server, port } = await listening(t, (socket) => {
      socket.end('hello')
    })
    const [fd] = sockets().filter((number) => !before.has(number)) as [number]
    isRefused(t, engine, 'ERR_INVALID_FD_TYPE', fd)
    const client = await dial(engine, { port })
    await client.saw('close')
    t.is(client.bytes.toString(), 'hello')
    t.true(server.listening)
  })
}

underEachDriver('options that are wrong leave the descriptor alone', async (t, make) => {
  const engine = make()
  const [fd, peer] = await descriptor(t)
  const gone = new Uint8Array(4)
  detach(gone)
  const wrong: readonly (readonly [options: unknown, code: string])[] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ leftover: 'text' }, 'ERR_INVALID_ARG_TYPE'],
    [{ leftover: new Uint8Array(new SharedArrayBuffer(4)) }, 'ERR_INVALID_ARG_TYPE'],
    [{ leftover: gone }, 'ERR_BUFFER_DETACHED'],
    [{ leftover: [1] }, 'ERR_INVALID_ARG_TYPE'],
    [{ socket: { data: 1 } }, 'ERR_INVALID_ARG_TYPE'],
    [{ highWaterMark: -1 }, 'ERR_OUT_OF_RANGE'],
  ]
  for (const [options, code] of wrong) {
    throwsCode(t, code, () => engine.adopt(fd, options as AdoptOptions))
  }
  const thrown = new Error('no data')
  const data = (): never => {
    throw thrown
  }
  t.is(
    t.throws(() => engine.adopt(fd, { data })),
    thrown,
  )
  t.is(engine.stats().connected, 0)
  adopting(engine, fd).socket.end('works on')
  t.is((await readToEnd(peer)).toString(), 'works on')
})

underEachDriver('a closed engine adopts nothing', async (t, make) => {
  const engine = make()
  const [fd, peer] = await descriptor(t)
  await engine.close()
  throwsCode(t, 'ERR_ENGINE_CLOSED', () => engine.adopt(fd))
  closing(t, streamOf(fd)).write(Buffer.from('x'))
  t.is((await readExactly(peer, 1)).toString(), 'x')
})
