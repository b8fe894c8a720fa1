/**
 * Sockets of the engine and of net whose descriptors are closed behind their back: prints for each
 * driver and door what becomes of the socket, of another one, and of a file that has the number then.
 */
import { closeSync, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine, type Socket } from 'mio-js/engine'
import { type Socket as Stream, connect, createServer } from 'mio-js/net'

const host = '127.0.0.1'
const path = join(tmpdir(), `mio-js-${process.pid}-closed`)
writeFileSync(path, 'untouched')

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((yes) => (resolve = yes))
  return { promise, resolve }
}

/** A socket that is used until it closes. */
interface Victim {
  readonly fd: number
  readonly write: () => void
  readonly closed: Promise<string>
}

async function ofEngine(engine: Engine, port: number): Promise<Victim> {
  const { promise: closed, resolve } = deferred<string>()
  const socket: Socket = await engine.connect({
    hostname: host,
    port,
    socket: {
      close: (_, error) => resolve((error as NodeJS.ErrnoException | undefined)?.code ?? ''),
    },
  })
  return { fd: socket.fd, write: () => void socket.write('x'), closed }
}

async function ofNet(engine: Engine, port: number): Promise<Victim> {
  const socket: Stream = connect({ engine, port, host })
  let code = ''
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? ''))
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(code))
  })
  await once(socket, 'connect')
  return { fd: socket.fd, write: () => void socket.write('x'), closed }
}

async function attempt(victim: Victim, isReused: boolean): Promise<unknown> {
  const { fd, write, closed } = victim
  closeSync(fd)
  const file = isReused ? openSync(path, 'r+') : undefined
  if (file !== undefined && file !== fd) throw new Error('the number is another one')
  write()
  const code = await closed
  const text = readFileSync(path, 'utf8')
  let isFileOpen: boolean | undefined
  if (file !== undefined) {
    // The number is the socket's to close: that is the price of the misuse.
    try {
      isFileOpen = fstatSync(file).isFile()
      closeSync(file)
    } catch {
      isFileOpen = false
    }
  }
  return { code, text, isFileOpen }
}

const seen: Record<string, unknown> = {}
for (const io of ['inline', 'thread', 'auto'] as const) {
  const engine = new Engine({ io })
  const server = createServer({ engine }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const other = connect({ engine, port, host })
  await once(other, 'connect')
  for (const isReused of [false, true]) {
    const how = isReused ? 'reused' : 'closed'
    seen[`${io} engine ${how}`] = await attempt(await ofEngine(engine, port), isReused)
    seen[`${io} net ${how}`] = await attempt(await ofNet(engine, port), isReused)
  }
  const echo = once(other, 'data')
  other.write('still here')
  seen[`${io} other`] = String((await echo)[0])
  await engine.close()
}
process.stdout.write(JSON.stringify(seen))
