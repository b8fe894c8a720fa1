import { createServer } from 'node:net'
import type { Agent, ClientRequest } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { alike, answer, better, event, listening, type World } from '../support/http.js'
import '../support/census.js'
import { until } from '../support/until.js'

const host = '127.0.0.1'

/** A server that answers with the number of the connection. */
async function counting({ http, server: options }: World, t: ExecutionContext): Promise<number> {
  const connections: Socket[] = []
  const server = http.createServer(options, ({ socket }, response) => {
    response.end(String(connections.indexOf(socket) + 1))
  })
  server.on('connection', (socket) => connections.push(socket))
  return listening(t, server)
}

function agentOf(t: ExecutionContext, { http }: World, options: object): Agent {
  const agent = new http.Agent(options)
  t.teardown(() => {
    agent.destroy()
  })
  return agent
}

/** Until the agent has it back. */
async function pooled(agent: Agent, request: ClientRequest): Promise<string> {
  const { body } = await answer(request)
  await until('the socket is free', () => Object.keys(agent.freeSockets).length > 0)
  return body
}

alike('a kept connection is used again', ['1', '1', false, true], async (world, t) => {
  const port = await counting(world, t)
  const agent = agentOf(t, world, { keepAlive: true })
  const first = world.http.get({ port, host, agent })
  const bodies = [await pooled(agent, first)]
  const second = world.http.get({ port, host, agent })
  bodies.push(await pooled(agent, second))
  return [...bodies, first.reusedSocket, second.reusedSocket]
})

alike(
  'no more connections than maxSockets are open, and others wait',
  [['1', '1', '1'], 1],
  async (world, t) => {
    const port = await counting(world, t)
    const agent = agentOf(t, world, { keepAlive: true, maxSockets: 1 })
    const requests = [1, 2, 3].map(() => world.http.get({ port, host, agent }))
    const most = Object.values(agent.sockets).flat().length
    const answers = await Promise.all(requests.map((request) => answer(request)))
    return [answers.map(({ body }) => body), most]
  },
)

alike('without keep-alive each request has a connection', ['1', '2'], async (world, t) => {
  const port = await counting(world, t)
  const agent = agentOf(t, world, { keepAlive: false })
  const first = await answer(world.http.get({ port, host, agent }))
  const second = await answer(world.http.get({ port, host, agent: false }))
  return [first.body, second.body]
})

alike(
  'a silent server is told of by the timeout of the agent',
  ['timeout', 'ECONNRESET'],
  async (world, t) => {
    const port = await listening(t, world.http.createServer(world.server))
    const agent = agentOf(t, world, { keepAlive: true, timeout: 40 })
    const request = world.http.get({ port, host, agent })
    await event(request, 'timeout')
    const failed = event<[NodeJS.ErrnoException]>(request, 'error')
    request.destroy()
    const [error] = await failed
    return ['timeout', error.code]
  },
)

alike('a free connection that times out leaves the pool', 0, async (world, t) => {
  const port = await counting(world, t)
  const agent = agentOf(t, world, { keepAlive: true, timeout: 40 })
  await pooled(agent, world.http.get({ port, host, agent }))
  await until('it left', () => Object.keys(agent.freeSockets).length === 0)
  return Object.values(agent.sockets).flat().length
})

alike('a request can bring a connection of its own', ['own', '1'], async (world, t) => {
  const port = await counting(world, t)
  let made = ''
  const createConnection = (options: object): Socket => {
    made = 'own'
    const { createConnection: connect } = new world.http.Agent()
    return Reflect.apply(connect, new world.http.Agent(), [options]) as Socket
  }
  const { body } = await answer(world.http.get({ port, host, createConnection }))
  return [made, body]
})

alike('a connection that is refused is an error of the request', true, async (world, t) => {
  const closedServer = createServer().listen(0, host)
  await event(closedServer, 'listening')
  const { port } = closedServer.address() as AddressInfo
  await new Promise((resolve) => closedServer.close(resolve))
  const request = world.http.get({ port, host, agent: false })
  const [error] = await event<[NodeJS.ErrnoException]>(request, 'error')
  t.like(error, { syscall: 'connect', address: host, port })
  return error.message === `connect ECONNREFUSED ${host}:${port}`
})

alike(
  'a server that hangs up without an answer is an error of the request',
  ['ECONNRESET', 'socket hang up'],
  async (world, t) => {
    const { port } = await plain(t, (socket) => socket.once('data', () => socket.destroy()))
    const request = world.http.get({ port, host, agent: agentOf(t, world, { keepAlive: true }) })
    const [error] = await event<[NodeJS.ErrnoException]>(request, 'error')
    return [error.code, error.message]
  },
)

alike('a request is made of a URL, of text, of options and of both', 4, async (world, t) => {
  const port = await counting(world, t)
  const url = `http://${host}:${port}/path`
  const { get } = world.http
  const all = [
    (done: () => void) => get(url, done),
    (done: () => void) => get(new URL(url), done),
    (done: () => void) => get({ host, port, path: '/path' }, done),
    (done: () => void) => get(url, { headers: { 'x-more': '1' } }, done),
  ]
  for (const make of all) {
    const request = await new Promise<ClientRequest>((resolve) => {
      const made: ClientRequest = make(() => {
        resolve(made)
      })
    })
    t.is(request.path, '/path')
    request.destroy()
  }
  t.throws(() => get(`https://${host}:${port}`), { code: 'ERR_INVALID_PROTOCOL' })
  t.throws(() => get({ port, host, agent: {} as Agent }), { code: 'ERR_INVALID_ARG_TYPE' })
  return all.length
})

for (const what of ['a response that nobody asked for', 'any byte']) {
  better(
    `${what} on an idle connection never answers a later request`,
    'good',
    async (world, t) => {
      const bad = what === 'any byte' ? 'x' : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
      const sockets: Socket[] = []
      const { port } = await plain(t, (socket) => {
        sockets.push(socket)
        socket.on('error', () => {})
        socket.on('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')
        })
      })
      const agent = agentOf(t, world, { keepAlive: true })
      await pooled(agent, world.http.get({ port, host, agent }))
      sockets[0]?.write(bad)
      await until('it left the pool', () => Object.keys(agent.freeSockets).length === 0)
      const { body } = await answer(world.http.get({ port, host, agent }))
      t.is(sockets.length, 2)
      return body
    },
  )
}

/** A server of core's net. */
async function plain(
  t: ExecutionContext,
  listener: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    listener(socket)
  })
  const port = await listening(t, server)
  return { server, port }
}
