import {
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Engine, Server } from 'mio-js/engine'
import { boundClient } from '../support/bound-client.js'
import '../support/census.js'
import {
  Peer,
  directory,
  echo,
  nodeListenError,
  shapeOf,
  watched,
} from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { hasReader } from '../support/option-reader.js'
import { until } from '../support/until.js'

const isUnix = process.platform !== 'win32'
const isLinux = process.platform === 'linux'

function underUnix(...[title, body]: Parameters<typeof underEachDriver>): void {
  if (isUnix) underEachDriver(title, body)
  else test.skip(`${title} (there are no Unix sockets here)`, () => {})
}

underUnix('a path is listened on, and its file is removed', async (t, make) => {
  for (const threads of [1, 3]) {
    const path = join(directory(t), 'socket')
    const server = make({ threads }).listen({ path, socket: echo })
    t.true(statSync(path).isSocket())
    t.is(server.address(), path)
    t.is(server.port, undefined)
    t.is(server.hostname, undefined)
    const peers = await Promise.all(
      Array.from({ length: 10 }, async () => Peer.connect(t, { path })),
    )
    for (const peer of peers) t.is(await peer.echoes('by path'), 'by path')
    t.is(server.connections, 10)
    for (const peer of peers) peer.socket.end()
    await soon(server.close())
    t.false(existsSync(path))
  }
})

underUnix('sockets of a path have no addresses', async (t, make) => {
  const path = join(directory(t), 'socket')
  const engine = make()
  let ours: unknown
  engine.listen({
    path,
    socket: {
      open: (socket) => {
        ours = { ...addresses(socket) }
      },
    },
  })
  const socket = await engine.connect({ path })
  const none = {
    remoteAddress: undefined,
    remotePort: undefined,
    remoteFamily: undefined,
    localAddress: undefined,
    localPort: undefined,
  }
  t.deepEqual(addresses(socket), none)
  await until('the other end is there', () => ours !== undefined)
  t.deepEqual(ours, none)
  socket.setNoDelay().setKeepAlive(true, 1000)
})

interface Addressed {
  remoteAddress: unknown
  remotePort: unknown
  remoteFamily: unknown
  localAddress: unknown
  localPort: unknown
}

function addresses(socket: Addressed): Addressed {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket
  return { remoteAddress, remotePort, remoteFamily, localAddress, localPort }
}

underUnix('the file goes with closeNow, and with the engine, too', async (t, make) => {
  const path = join(directory(t), 'socket')
  const engine = make()
  const { server } = await meetingAt(t, engine, path)
  server.closeNow()
  await soon(server.close())
  t.false(existsSync(path))
  await meetingAt(t, engine, path)
  await soon(engine.close())
  t.false(existsSync(path))
})

async function meetingAt(
  t: ExecutionContext,
  engine: Engine,
  path: string,
): Promise<{ server: Server; peer: Peer }> {
  const server = engine.listen({ path, socket: echo })
  const peer = await Peer.connect(t, { path })
  await peer.echoes()
  return { server, peer }
}

underUnix('what is at the path stays there, and is EADDRINUSE', async (t, make) => {
  const engine = make()
  const folder = directory(t)
  const path = join(folder, 'taken')
  // A server that lives; the file of one that is dead; a regular file; a directory.
  const alive = engine.listen({ path: join(folder, 'alive'), socket: echo })
  const stale = net.createServer().listen(join(folder, 'moved'))
  await new Promise((resolve) => {
    stale.once('listening', resolve)
  })
  renameSync(join(folder, 'moved'), join(folder, 'stale'))
  await new Promise((resolve) => {
    stale.close(resolve)
  })
  writeFileSync(path, 'mine')
  for (const name of ['alive', 'stale', 'taken', '.']) {
    const at = join(folder, name)
    const { ino } = statSync(at)
    const error = throwsCode(t, 'EADDRINUSE', () => engine.listen({ path: at }))
    t.deepEqual(shapeOf(error), await nodeListenError(t, { path: at }))
    t.is(error.message, `listen EADDRINUSE: address already in use ${at}`)
    t.is(statSync(at).ino, ino)
  }
  t.is(await (await Peer.connect(t, { path: alive.address() as string })).echoes(), 'ping')
})

underUnix('a path where nothing can be says why', (t, make) => {
  const engine = make()
  const folder = directory(t)
  writeFileSync(join(folder, 'file'), '')
  for (const [name, code] of [
    // Node says EACCES here, as it does on Windows.
    ['missing/socket', 'ENOENT'],
    ['file/socket', 'ENOTDIR'],
  ] as const) {
    const path = join(folder, name)
    const error = throwsCode(t, code, () => engine.listen({ path }))
    t.like(error, { syscall: 'listen', address: path, port: -1 })
  }
})

underUnix('a file that a newer server made survives the older one', async (t, make) => {
  const path = join(directory(t), 'socket')
  const [older, newer] = [make(), make()]
  const first = older.listen({ path, socket: echo })
  unlinkSync(path)
  const second = newer.listen({ path, socket: echo })
  await soon(first.close())
  t.true(existsSync(path))
  t.is(await (await Peer.connect(t, { path })).echoes(), 'ping')
  t.is(second.connections, 1)
  await newer.close()
  t.false(existsSync(path))
})

underUnix('a file that took the place of the socket survives it', async (t, make) => {
  const path = join(directory(t), 'socket')
  const server = make().listen({ path })
  unlinkSync(path)
  writeFileSync(path, 'mine')
  await soon(server.close())
  t.true(statSync(path).isFile())
})

underUnix('a path that fits is used in full, and none is cut', async (t, make) => {
  const folder = directory(t)
  const engine = make()
  const longest = isLinux ? 107 : 103
  const names: string[] = []
  for (const [length, fill] of [
    [longest - 1, 'x'],
    [longest, 'x'],
    [longest, 'é'],
    [longest + 1, 'x'],
    [longest + 1, 'é'],
    [longest + 2, 'x'],
    [300, 'x'],
  ] as const) {
    const path = pathOf(folder, length, fill)
    t.is(Buffer.byteLength(path), length)
    if (length <= longest) {
      engine.listen({ path, socket: echo })
      names.push(basename(path))
      t.is(await (await Peer.connect(t, { path })).echoes(), 'ping')
    } else {
      const error = throwsCode(t, 'ENAMETOOLONG', () => engine.listen({ path }))
      t.like(error, { syscall: 'listen', address: path, port: -1 })
    }
  }
  t.deepEqual(readdirSync(folder).toSorted(), names.toSorted())
})

/** A path of so many bytes. */
function pathOf(folder: string, length: number, fill: string): string {
  const room = length - Buffer.byteLength(folder) - 1
  const size = Buffer.byteLength(fill)
  return join(folder, 'a'.repeat(room % size) + fill.repeat(Math.floor(room / size)))
}

/** The names without files on which somebody listens. */
function namesWithoutFiles(): string[] {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/)[7] ?? '')
    .filter((name) => name.startsWith('@'))
}

if (isLinux) {
  underEachDriver(
    'a peer whose own path fills all the room does no harm (Linux)',
    async (t, make) => {
      if (!hasReader(t, 'perl')) return
      const path = join(directory(t), 'socket')
      const server = make().listen({ path, socket: echo })
      await boundClient(t, Buffer.from(`${directory(t)}/`.padEnd(108, 'p')), path)
      await until('it is accepted', () => server.connections === 1)
      t.is(await (await Peer.connect(t, { path })).echoes(), 'ping')
    },
  )

  underEachDriver('a name that begins with a null byte has no file (Linux)', async (t, make) => {
    const [one, two] = [make({ threads: 2 }), make()]
    const name = `mio-js-${process.pid}-${Math.random()}`
    const path = `\0${name}`
    const before = readdirSync('.').length
    const server = one.listen({ path, socket: echo })
    t.is(server.address(), path)
    t.is(readdirSync('.').length, before)
    // Exactly that: Node would fill it up with null bytes.
    t.true(namesWithoutFiles().includes(`@${name}`))
    const error = throwsCode(t, 'EADDRINUSE', () => two.listen({ path }))
    t.like(error, { syscall: 'listen', address: path })
    const longer = two.listen({ path: `${path}.` })
    const { opened, closed, handlers } = watched()
    const socket = await two.connect({ path, socket: { ...handlers, ...echo } })
    await soon(opened)
    await until('it is there', () => server.connections === 1)
    t.is(longer.connections, 0)
    socket.end()
    await soon(closed)
    await soon(server.close())
    await two.listen({ path, socket: echo }).close()
  })

  underEachDriver('such a name may fill all there is (Linux)', async (t, make) => {
    const engine = make()
    const name = `mio-js-${process.pid}-${Math.random()}`.padEnd(107, 'y')
    const server = engine.listen({ path: `\0${name}`, socket: echo })
    t.true(namesWithoutFiles().includes(`@${name}`))
    const socket = await engine.connect({ path: `\0${name}` })
    await until('it is there', () => server.connections === 1)
    socket.terminate()
    const error = throwsCode(t, 'ENAMETOOLONG', () => engine.listen({ path: `\0${name}y` }))
    t.like(error, { syscall: 'listen', address: `\0${name}y` })
  })
}
