/** A worker with servers and agents of `mio-js/http`, in one of several situations; says when it is there. */
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Engine } from 'mio-js/engine'
import { Agent, createServer, get } from 'mio-js/http'
import { ready, situation, unknown } from './situation.js'

const { io, what } = situation
const host = '127.0.0.1'
const engine = new Engine({ io, threads: 2 })
const agent = new Agent({ keepAlive: true })

async function listening(answer: () => string | Buffer, native = false): Promise<Server> {
  const server = createServer({ engine, native }, (_, response) => response.end(answer()))
  server.listen(0, host)
  await once(server, 'listening')
  return server
}

async function ask(server: Server, isKept = true): Promise<string> {
  const { port } = server.address() as AddressInfo
  const request = get({ port, host, agent: isKept ? agent : false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return text(response)
}

/** Requests that never stop. */
async function flood(): Promise<Server> {
  const server = await listening(() => Buffer.alloc(64 * 1024))
  let answered = 0
  const always = async (): Promise<void> => {
    for (;;) {
      await ask(server)
      answered += 1
      if (answered === 16) ready()
    }
  }
  for (let n = 0; n < 4; n += 1) void always().catch(() => {})
  return server
}

switch (what) {
  case 'listen': {
    ready(((await listening(() => 'x')).address() as AddressInfo).port)
    break
  }
  case 'handler':
  case 'exit in a handler':
  case 'throw in a handler': {
    const server = await listening(() => {
      if (what === 'exit in a handler') process.exit(0)
      if (what === 'throw in a handler') throw new Error('ends the worker')
      ready()
      for (;;);
    })
    void ask(server)
    break
  }
  case 'begin': {
    ready()
    await flood()
    break
  }
  case 'flood': {
    await flood()
    break
  }
  case 'native': {
    // Each request has a connection of its own, which is handed over.
    agent.destroy()
    const server = await listening(() => 'x', true)
    ready()
    for (;;) await Promise.all([ask(server, false), ask(server, false), ask(server, false)])
  }
  case 'close': {
    const server = await flood()
    server.close()
    void engine.close()
    ready()
    break
  }
  case 'echo': {
    const server = await listening(() => 'echo')
    const answer = await ask(server)
    agent.destroy()
    server.close()
    ready(answer)
    break
  }
  default: {
    unknown()
  }
}
