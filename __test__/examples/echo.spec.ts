import { once } from 'node:events'
import net from 'node:net'
import test from 'ava'
import '../support/census.js'
import { serving } from '../support/example.js'
import { unix } from '../support/platforms.js'
import { TextClient } from '../support/text-client.js'
import { until } from '../support/until.js'
import { finish, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

test('echo sends back what comes, to each its own, and ends when they end', async (t) => {
  const { errors, port } = await serving('echo')
  const clients = await Promise.all([1, 2, 3].map(async () => TextClient.connect(t, port)))
  await Promise.all(clients.map(async (client, n) => client.echoes(`hello ${n}`)))
  for (const [n, client] of clients.entries()) {
    client.socket.end(', bye')
    t.is(await client.ends(), 'end')
    t.is(client.text, `hello ${n}, bye`)
  }
  t.deepEqual(errors, [])
})

test('a client that does not read is slowed down, and then gets all', async (t) => {
  const { port } = await serving('echo')
  const sent = Buffer.alloc(24 * 2 ** 20, 'mio-js ')
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  socket.pause()
  socket.write(sent)
  // The server stops reading, so that not all can leave.
  await until('the systems have what they take', () => socket.bytesWritten > 0)
  t.true(socket.writableLength > 0)
  const chunks: Buffer[] = []
  let received = 0
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    received += chunk.length
  })
  socket.resume()
  await until('all has come back', () => received === sent.length)
  t.true(Buffer.concat(chunks).equals(sent))
})

unix('told to end it sends what is left, and ends', async (t) => {
  const { child, output, port } = await serving('echo')
  const client = await TextClient.connect(t, port)
  await client.echoes('here')
  const ended = finish(child)
  child.kill('SIGTERM')
  t.is(await client.ends(), 'end')
  client.socket.end()
  t.is((await ended).code, 0)
  t.is(output.at(-1), 'stopped')
})
