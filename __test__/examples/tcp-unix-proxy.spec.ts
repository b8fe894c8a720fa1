import { once } from 'node:events'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { ExecutionContext } from 'ava'
import { deadline, eventually } from './redis/deadline.ts'
import { finish, missingOf, run, stopAll, watch, type Running } from './redis/processes.ts'
import '../support/census.ts'
import { unix, where } from '../support/platforms.ts'

const MIB = 1024 * 1024

/** A path of a socket for a test that starts servers: at its end, both are gone. */
function place(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  t.teardown(stopAll)
  return path.join(folder, 'socket')
}

async function proxy(here: string, there: string): Promise<Running> {
  const program = path.resolve('build/examples/tcp-unix-proxy.js')
  const child = run(process.execPath, [program, here, there], { stdio: ['ignore', 'pipe', 'pipe'] })
  return deadline(watch(child, /^listening on (?:127\.0\.0\.1:(\d+)|\/)/), 'no proxy')
}

/** A server of Node at a path or a port, whose clients may close one direction alone. */
async function target(
  t: ExecutionContext,
  at: string | number,
  serve: (socket: net.Socket) => void,
): Promise<net.Server> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  if (typeof at === 'string') server.listen(at)
  else server.listen(at, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return server
}

async function connect(t: ExecutionContext, to: string | number): Promise<net.Socket> {
  const options = typeof to === 'string' ? { path: to } : { port: to, host: '127.0.0.1' }
  const socket = net.connect({ ...options, allowHalfOpen: true })
  socket.on('error', () => {})
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

/** Both ways that the proxy can be used in: where a client connects, and where a target listens. */
const ways = {
  'from TCP to a Unix socket': async (t: ExecutionContext, serve: (s: net.Socket) => void) => {
    const there = place(t)
    await target(t, there, serve)
    return (await proxy('127.0.0.1:0', there)).port
  },
  'from a Unix socket to TCP': async (t: ExecutionContext, serve: (s: net.Socket) => void) => {
    const server = await target(t, 0, serve)
    const here = place(t)
    await proxy(here, `127.0.0.1:${(server.address() as net.AddressInfo).port}`)
    return here
  },
}

for (const [way, start] of Object.entries(ways)) {
  unix(`${way}: bytes pass in both directions, however many`, async (t) => {
    const to = await start(t, (socket) => socket.pipe(socket))
    const lengths = [1, 100_000, 8 * MIB, 0]
    await Promise.all(
      lengths.map(async (length) => {
        const bytes = randomBytes(length)
        const client = await connect(t, to)
        const received = createHash('sha256')
        client.on('data', (chunk) => received.update(chunk))
        client.end(bytes)
        await deadline(once(client, 'end'), 'the echo did not end')
        t.is(received.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
      }),
    )
  })

  unix(`${way}: each direction ends by itself`, async (t) => {
    const seen: string[] = []
    const to = await start(t, (socket) => {
      socket.on('data', (chunk) => seen.push(chunk.toString()))
      socket.on('end', () => {
        seen.push('end')
        socket.write('after ')
        setImmediate(() => socket.end('the end'))
      })
    })
    const client = await connect(t, to)
    client.end('question')
    const heard: string[] = []
    client.on('data', (chunk) => heard.push(chunk.toString()))
    await deadline(once(client, 'end'), 'the answer did not end')
    t.is(seen.join('|'), 'question|end')
    t.is(heard.join(''), 'after the end')
  })

  unix(`${way}: a target that ends first still gets everything`, async (t) => {
    let received = 0
    let isEnded = false
    const to = await start(t, (socket) => {
      socket.end('bye')
      socket.on('data', (chunk) => (received += chunk.length))
      socket.on('end', () => (isEnded = true))
    })
    const client = await connect(t, to)
    client.resume()
    await deadline(once(client, 'end'), 'the target did not end')
    client.end(Buffer.alloc(2 * MIB))
    await eventually(async () => isEnded)
    t.is(received, 2 * MIB)
  })

  unix(`${way}: who sends is made to wait when the other side does not read`, async (t) => {
    const sockets: net.Socket[] = []
    const to = await start(t, (socket) => {
      // The first is read by nobody, until later.
      if (sockets.push(socket) === 1) socket.pause()
      else socket.pipe(socket)
    })
    const deaf = await connect(t, to)
    // Several times what systems let wait on a connection that nobody reads from.
    const total = 16 * MIB
    const chunk = Buffer.alloc(64 * 1024, 'p')
    let taken = 0
    const write = (): void => {
      if (taken === total) deaf.end()
      else
        deaf.write(chunk, () => {
          taken += chunk.length
          write()
        })
    }
    write()
    await eventually(async () => sockets.length === 1)
    const other = await connect(t, to)
    let echoed = 0
    other.on('data', (bytes) => (echoed += bytes.length))
    other.end(Buffer.alloc(32 * MIB))
    await deadline(once(other, 'end'), 'the other client has to wait, too')
    t.is(echoed, 32 * MIB)
    t.true(taken < total, 'nobody had to wait')
    let received = 0
    const [held] = sockets
    held?.on('data', (bytes) => (received += bytes.length))
    held?.resume()
    await deadline(once(held!, 'end'), 'the rest did not come')
    t.is(received, total)
  })
}

unix('a target that is not there closes its client, and the next is served', async (t) => {
  const there = place(t)
  const { port, output } = await proxy('127.0.0.1:0', there)
  const client = await connect(t, port)
  client.resume()
  await deadline(once(client, 'end'), 'the client was kept')
  t.true(output.some((line) => line.startsWith('connect ENOENT')))
  await target(t, there, (socket) => socket.end('here'))
  const next = await connect(t, port)
  const [chunk] = (await deadline(once(next, 'data'), 'nobody answered')) as [Buffer]
  t.is(chunk.toString(), 'here')
})

unix('a client that is reset takes its target with it, and nobody else', async (t) => {
  let closed = 0
  const there = place(t)
  await target(t, there, (socket) => {
    socket.on('close', () => (closed += 1))
    socket.pipe(socket)
  })
  const { port } = await proxy('127.0.0.1:0', there)
  const [first, second] = [await connect(t, port), await connect(t, port)]
  first.write('x')
  await once(first, 'data')
  first.resetAndDestroy()
  await eventually(async () => closed === 1)
  second.write('y')
  const [chunk] = (await deadline(once(second, 'data'), 'nobody answered')) as [Buffer]
  t.is(chunk.toString(), 'y')
  t.is(closed, 1)
})

unix('a signal ends the proxy, which removes its file', async (t) => {
  const here = place(t)
  const { child, errors } = await proxy(here, '127.0.0.1:9')
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = await deadline(exit, 'the proxy did not end')
  t.is(code, 0)
  t.deepEqual(errors, [])
  t.false(existsSync(here))
})

const missing =
  process.platform === 'win32' ? 'not on Windows' : missingOf('redis-cli', 'redis-server')
const redis_ = where(missing === undefined, `${missing}`)

redis_('redis-cli talks to a Redis that has a Unix socket alone', async (t) => {
  const there = place(t)
  const args = ['--port', '0', '--unixsocket', there, '--save', '', '--dir', path.dirname(there)]
  const redis = run('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  await deadline(watch(redis, /The server is now ready to accept connections at/), 'no redis')
  const { port } = await proxy('127.0.0.1:0', there)
  const cli = async (...command: string[]): Promise<string> => {
    const { code, stdout, stderr } = await finish(run('redis-cli', ['-p', `${port}`, ...command]))
    t.is(code, 0, stderr)
    return stdout
  }
  t.is(await cli('set', 'greeting', 'hello'), 'OK\n')
  t.is(await cli('get', 'greeting'), 'hello\n')
  const large = 'v'.repeat(100_000)
  t.is(await cli('set', 'large', large), 'OK\n')
  t.is(await cli('get', 'large'), `${large}\n`)
})
