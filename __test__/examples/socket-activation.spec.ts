import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import type { TcpListener } from 'mio-js'
import '../support/census.ts'
import { unix } from '../support/platforms.ts'
import { closing, listener } from '../support/sockets.ts'
import { until } from '../support/until.ts'

const program = resolve('build/examples/socket-activation.js')

interface Started {
  child: ChildProcess
  lines: string[]
  errors: Promise<string>
  exit: Promise<unknown[]>
}

/** Starts the program with descriptors from 3 on, as systemd would: its own pid is in LISTEN_PID. */
function start(
  t: ExecutionContext,
  fds: readonly number[],
  environment: Record<string, string> = {},
): Started {
  const script = 'LISTEN_PID=${FALSE_PID:-$$} exec "$@"'
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, program], {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    env: { ...process.env, LISTEN_FDS: String(fds.length), ...environment },
  })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  const lines: string[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line))
  return { child, lines, errors: text(child.stderr!), exit }
}

const fdsOf = (...listeners: TcpListener[]): number[] =>
  listeners.map((inherited) => inherited.asRawFd())

/** A client that is connected, as far as it knows. */
async function client(t: ExecutionContext, server: TcpListener): Promise<net.Socket> {
  const socket = net.connect(server.localAddr().port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

async function isEchoed(t: ExecutionContext, socket: net.Socket, message: string): Promise<void> {
  let reply = ''
  const listen = (chunk: Buffer): void => {
    reply += chunk.toString()
  }
  socket.on('data', listen)
  socket.write(message)
  await until(`${message} comes back`, () => reply.length >= message.length)
  socket.off('data', listen)
  t.is(reply, message)
}

unix('connections that came before the program are served', async (t) => {
  const server = listener(t)
  const clients = await Promise.all([1, 2, 3].map(async () => client(t, server)))
  const { lines } = start(t, fdsOf(server))
  await Promise.all(clients.map(async (socket, n) => isEchoed(t, socket, `hello ${n}`)))
  t.deepEqual(lines, [`fd 3: listening on ${server.localAddr()}`])
})

unix('a program is replaced without losing who is served and who waits', async (t) => {
  const server = listener(t)
  const first = start(t, fdsOf(server))
  const served = await client(t, server)
  await isEchoed(t, served, 'before')
  first.child.kill('SIGTERM')
  await until('it takes no more', () => first.lines.includes('stopping'))
  const waiting = await Promise.all([1, 2, 3].map(async () => client(t, server)))
  await isEchoed(t, served, 'still served')
  served.end()
  t.deepEqual(await first.exit, [0, null], await first.errors)
  const later = await client(t, server)
  start(t, fdsOf(server))
  for (const socket of [...waiting, later]) await isEchoed(t, socket, 'by the next one')
})

unix('a program that crashes leaves those who wait to the next one', async (t) => {
  const server = listener(t)
  const first = start(t, fdsOf(server))
  const served = await client(t, server)
  served.on('error', () => {})
  await isEchoed(t, served, 'before')
  first.child.kill('SIGSTOP')
  const waiting = await client(t, server)
  first.child.kill('SIGKILL')
  await first.exit
  start(t, fdsOf(server))
  await isEchoed(t, waiting, 'served after all')
})

unix('each of several listeners has its name, and is served', async (t) => {
  const servers = [listener(t), listener(t)] as const
  const { lines } = start(t, fdsOf(...servers), { LISTEN_FDNAMES: 'web:admin' })
  for (const server of servers) await isEchoed(t, await client(t, server), 'hello')
  const names = ['web', 'admin']
  t.deepEqual(
    lines,
    servers.map((server, n) => `${names[n]}: listening on ${server.localAddr()}`),
  )
})

for (const [what, environment] of [
  ['of another process', { FALSE_PID: '1' }],
  ['that are none', { LISTEN_FDS: '0' }],
] as const) {
  unix(`sockets ${what} are not taken, and the program binds its own`, async (t) => {
    const server = listener(t)
    const { lines } = start(t, fdsOf(server), { ...environment, PORT: '0' })
    await until('it listens', () => lines.length > 0)
    const port = Number(/^bound: listening on 127\.0\.0\.1:(\d+)$/.exec(lines[0]!)?.[1])
    t.true(port > 0 && port !== server.localAddr().port, lines[0])
  })
}

unix('what is no listening TCP socket is an error that says so', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mio-js-'))
  t.teardown(async () => rm(directory, { recursive: true }))
  const local = closing(t, net.createServer().listen(join(directory, 'socket')))
  await once(local, 'listening')
  const connected = await client(t, listener(t))
  const file = openSync(program, 'r')
  const fdOf = (handle: object): number => (handle as { _handle: { fd: number } })._handle.fd
  for (const [fd, code] of [
    [file, 'ENOTSOCK'],
    [fdOf(local), 'ERR_INVALID_FD_TYPE'],
    [fdOf(connected), 'ERR_INVALID_FD_TYPE'],
  ] as const) {
    const { exit, errors, lines } = start(t, [fd])
    t.deepEqual(await exit, [1, null])
    t.true((await errors).includes(`code: '${code}'`), await errors)
    t.deepEqual(lines, [])
  }
  closeSync(file)
})
