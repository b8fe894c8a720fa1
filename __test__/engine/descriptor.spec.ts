/** The numbers of the descriptors that an engine owns. */
import { Shutdown } from 'mio-js'
import '../support/census.js'
import { accepted, dial, readToEnd, serve } from '../support/engine-sockets.js'
import { listening, soon, underEachDriver } from '../support/engine.js'
import { statOf, streamOf } from '../support/raw.js'

const isWindows = process.platform === 'win32'

underEachDriver(
  'sockets and servers tell their descriptor as long as they have it',
  async (t, make) => {
    const engine = make({ threads: 2 })
    const { server, socket, peer, journal } = await accepted(t, engine)
    const numbers = [server.fd, socket.fd]
    if (isWindows) {
      t.deepEqual(numbers, [-1, -1])
      return
    }
    for (const fd of numbers) t.true(statOf(fd).isSocket())
    t.not(server.fd, socket.fd)
    t.deepEqual([server.fd, socket.fd], numbers, 'the same each time')
    const closed = server.close()
    t.is(server.fd, -1)
    t.is(socket.fd, numbers[1]!)
    socket.end()
    await readToEnd(peer)
    peer.shutdown(Shutdown.Write)
    await journal.saw('close')
    t.is(socket.fd, -1)
    await soon(closed)
    t.is(server.fd, -1)
  },
)

underEachDriver(
  'a client has its descriptor from open on, and none when it is given away',
  async (t, make) => {
    const { port } = await listening(t, (socket) => {
      socket.resume().on('end', () => socket.end())
    })
    const client = await dial(make(), { port })
    const { fd } = client.socket
    t.is(fd >= 0, !isWindows)
    if (isWindows) {
      client.socket.end()
      await client.saw('close')
      return
    }
    t.true(statOf(fd).isSocket())
    const detached = await soon(client.socket.detach())
    t.is(detached.fd, fd)
    t.is(client.socket.fd, -1)
    streamOf(fd).close()
  },
)

underEachDriver('there is no descriptor after the engine was closed', async (t, make) => {
  const engine = make()
  const { server, port, opened } = serve(engine)
  const client = await dial(engine, { port })
  const { socket } = await opened()
  await engine.close()
  t.deepEqual([server.fd, socket.fd, client.socket.fd], [-1, -1, -1])
})
