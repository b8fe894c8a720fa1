import { once } from 'node:events'
import { connect } from 'mio-js/net'
import '../support/census.js'
import { serving } from '../support/drop-in.js'
import { soon, underEachDriver } from '../support/engine.js'

underEachDriver(
  'a stream that was read, paused and resumed while it connects goes on',
  async (t, make) => {
    const engine = make()
    const { port } = await serving(t, engine, {}, (far) => far.end('arrived'))
    const socket = connect({ engine, port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    socket.read(0)
    socket.pause()
    await soon(once(socket, 'connect'))
    const received = once(socket, 'data')
    socket.resume()
    const [chunk] = (await soon(received)) as [Buffer]
    t.is(String(chunk), 'arrived')
  },
)

underEachDriver(
  'a stream that is paused while it connects gets nothing until it is resumed',
  async (t, make) => {
    const engine = make()
    const { port } = await serving(t, engine, {}, (far) => far.end('arrived'))
    const socket = connect({ engine, port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    const chunks: Buffer[] = []
    socket.pause()
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await soon(once(socket, 'ready'))
    t.is(chunks.length, 0)
    socket.resume()
    await soon(once(socket, 'end'))
    t.is(String(Buffer.concat(chunks)), 'arrived')
  },
)

underEachDriver(
  'a stream that is read by `readable` as soon as it is connected goes on',
  async (t, make) => {
    const engine = make()
    const { port } = await serving(t, engine, {}, (far) =>
      far.once('data', () => far.end('arrived')),
    )
    const socket = connect({ engine, port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    const chunks: Buffer[] = []
    socket.once('connect', () => {
      socket.on('readable', () => {
        for (let chunk; (chunk = socket.read() as Buffer | null) !== null;) chunks.push(chunk)
      })
      socket.read()
      socket.write('question')
    })
    await soon(once(socket, 'end'))
    t.is(String(Buffer.concat(chunks)), 'arrived')
  },
)
