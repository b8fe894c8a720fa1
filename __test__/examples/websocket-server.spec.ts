import { once } from 'node:events'
import coreHttp from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import '../support/census.js'
import { serving } from '../support/example.js'
import { answer } from '../support/http.js'
import { unix } from '../support/platforms.js'
import { until } from '../support/until.js'
import { finish, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

interface Client {
  readonly socket: WebSocket
  readonly heard: (string | Buffer)[]
  readonly closed: Promise<[code: number]>
}

async function join(
  t: ExecutionContext,
  port: number,
  room: string,
  options = {},
): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/${room}`, options)
  const heard: (string | Buffer)[] = []
  socket.on('message', (data, isBinary) => {
    heard.push(isBinary ? (data as Buffer) : String(data as Buffer))
  })
  socket.on('error', () => {})
  t.teardown(() => {
    socket.terminate()
  })
  const closed = once(socket, 'close') as Promise<[number]>
  await once(socket, 'open')
  return { socket, heard, closed }
}

test('what one sends to a room the others there get, as text or as bytes', async (t) => {
  const { errors, port } = await serving('websocket-server')
  const [ada, bob, eve] = await Promise.all(
    ['blue', 'blue', 'red'].map((room) => join(t, port, room)),
  )
  ada!.socket.send('hello')
  ada!.socket.send(Buffer.of(1, 2, 3))
  await until('both come', () => bob!.heard.length === 2)
  t.deepEqual(bob!.heard, ['hello', Buffer.of(1, 2, 3)])
  bob!.socket.send('and you')
  await until('the answer comes', () => ada!.heard.length === 1)
  t.deepEqual(ada!.heard, ['and you'])
  t.deepEqual(eve!.heard, [])
  t.deepEqual(errors, [])
})

test('who says too much at once is closed with the code for that', async (t) => {
  const { port } = await serving('websocket-server')
  const ada = await join(t, port, 'blue')
  ada.socket.send('x'.repeat(65 * 1024))
  t.is((await ada.closed)[0], 1009)
})

test('who does not answer pings is closed, and who does is not', async (t) => {
  const { port } = await serving('websocket-server', [], { PING_MS: '150' })
  const ada = await join(t, port, 'blue')
  let pings = 0
  ada.socket.on('ping', () => (pings += 1))
  const deaf = await join(t, port, 'blue', { autoPong: false })
  t.is((await deaf.closed)[0], 1006)
  await until('more pings come', () => pings >= 3)
  t.is(ada.socket.readyState, WebSocket.OPEN)
})

test('who does not speak WebSocket is told so', async (t) => {
  const { port } = await serving('websocket-server')
  const { body, response } = await answer(coreHttp.get({ port, agent: false }))
  t.is(response.statusCode, 426)
  t.is(body, 'Speak WebSocket.\n')
})

unix('told to end it says so to all, and ends', async (t) => {
  const { child, output, port } = await serving('websocket-server')
  const clients = await Promise.all(['blue', 'red'].map((room) => join(t, port, room)))
  const ended = finish(child)
  child.kill('SIGTERM')
  for (const { closed } of clients) t.is((await closed)[0], 1001)
  t.is((await ended).code, 0)
  t.is(output.at(-1), 'stopped')
})
