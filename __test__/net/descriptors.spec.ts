/** Descriptors that sockets and servers are made of, and what cannot be one. */
import { closeSync, openSync } from 'node:fs'
import { once } from 'node:events'
import core from 'node:net'
import { UdpSocket } from 'mio-js'
import '../support/census.js'
import { run } from '../support/child.js'
import { same } from '../support/net.js'
import { unix } from '../support/platforms.js'
import { statOf } from '../support/raw.js'

/** The number of what Node has open. */
function numberOf(thing: object): number {
  const { fd } = (thing as { _handle: { fd: number } })._handle
  return fd
}

/** The message of Node says what it is. */
const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code

same(
  'a number that is no descriptor makes no socket',
  async (world) => {
    for (const fd of [-1, 2 ** 31, 2 ** 53, 1.5, NaN, Infinity, '3', 3n, null, true, [3]]) {
      try {
        world.keep(new world.client.Socket({ fd } as never))
        world.log.add('seen', String(fd), 'is taken')
      } catch (error) {
        world.log.add('seen', String(fd), error)
      }
    }
    return Promise.resolve()
  },
  { side: 'client', run: unix },
)

same(
  'what is no stream socket makes none, cannot be listened on, and stays open',
  async (world) => {
    const datagrams = UdpSocket.bind('127.0.0.1:0').intoRawFd()
    const [file, directory, device] = [import.meta.filename, import.meta.dirname, '/dev/null'].map(
      (path) => openSync(path, 'r'),
    ) as [number, number, number]
    const opened = { file, directory, device, datagrams }
    for (const [name, fd] of Object.entries(opened)) {
      try {
        world.keep(new world.client.Socket({ fd }))
        world.log.add('seen', name, 'is taken')
      } catch (error) {
        world.log.add('seen', name, codeOf(error))
      }
      const server = world.createServer()
      const failed = once(server, 'error')
      server.listen({ fd })
      world.log.add('seen', name, 'listen', (await failed)[0])
      world.log.add('seen', name, statOf(fd).isFile(), statOf(fd).isSocket())
    }
    for (const fd of Object.values(opened)) closeSync(fd)
    // A number that nobody has any more.
    try {
      world.keep(new world.client.Socket({ fd: file }))
      world.log.add('seen', 'closed', 'is taken')
    } catch (error) {
      world.log.add('seen', 'closed', codeOf(error))
    }
  },
  { run: unix },
)

unix('a listener that Node has cannot be made a socket, and serves on', async (t) => {
  const { Socket } = await import('mio-js/net')
  const server = core.createServer((socket) => socket.end('served')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.throws(() => new Socket({ fd: numberOf(server) }), { code: 'ERR_INVALID_FD_TYPE' })
  const client = core.connect((server.address() as core.AddressInfo).port, '127.0.0.1')
  const [chunk] = (await once(client, 'data')) as [Buffer]
  t.is(String(chunk), 'served')
  server.close()
  await once(server, 'close')
})

unix(
  'a descriptor that is closed behind its socket is an error of that, and of no other',
  async (t) => {
    const { code, signal, stdout, stderr } = await run('closed-behind')
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    const seen = Object.entries(
      JSON.parse(stdout) as Record<string, { code: string; text: string }>,
    )
    t.is(seen.length, 15)
    for (const [name, outcome] of seen) {
      if (name.endsWith('other')) {
        t.is(outcome as unknown, 'still here', name)
        continue
      }
      t.is(outcome.code, name.endsWith('reused') ? 'ENOTSOCK' : 'EBADF', name)
      t.is(outcome.text, 'untouched', name)
    }
  },
)
