import coreHttp from 'node:http'
import coreHttp2 from 'node:http2'
import coreHttps from 'node:https'
import net from 'node:net'
import test from 'ava'
import * as mio from 'mio-js/http'
import { Socket } from 'mio-js/net'
import { answer, core, listening, native, ours } from '../support/http.js'
import '../support/census.js'
import { throwsCode } from '../support/errors.js'
import { served, servedNatively, where, windows } from '../support/platforms.js'
import { isBun } from '../support/runtime.js'

const { http, https, http2 } = mio
const modules = [
  ['http', http, coreHttp, ['Agent', 'Server', 'createServer', 'get', 'globalAgent', 'request']],
  ['https', https, coreHttps, ['Agent', 'Server', 'createServer', 'get', 'globalAgent', 'request']],
  ['http2', http2, coreHttp2, ['connect', 'createSecureServer', 'createServer']],
] as const

for (const [name, module, coreModule, replaced] of modules) {
  test(`${name} has the names of node:${name}, of which it replaces those that open connections`, (t) => {
    const names = Object.keys(coreModule).toSorted()
    t.deepEqual(Object.keys(module).toSorted(), names)
    const own = module as Record<string, unknown>
    const cores = coreModule as unknown as Record<string, unknown>
    t.deepEqual(
      names.filter((key) => own[key] !== cores[key]),
      [...replaced],
    )
  })
}

test('the names of http are those of the package as well', (t) => {
  const all = mio as unknown as Record<string, unknown>
  for (const [name, value] of Object.entries(http)) t.is(all[name], value, name)
  t.is(all['default'], http)
})

served("servers and agents are instances of core's classes and of ours", (t) => {
  const plain = http.createServer()
  t.true(plain instanceof coreHttp.Server)
  t.true(plain instanceof http.Server)
  t.true(plain instanceof net.Server)
  const secure = https.createServer()
  t.true(secure instanceof coreHttps.Server)
  t.true(secure instanceof https.Server)
  t.true(http.globalAgent instanceof coreHttp.Agent)
  t.true(https.globalAgent instanceof coreHttps.Agent)
  t.true(new https.Agent() instanceof https.Agent)
  t.is(plain.constructor, http.Server)
  t.is(http.Server.name, 'Server')
  t.is(https.Agent.name, 'Agent')
})

test('classes can be called and extended in every way that core allows', (t) => {
  const { Agent, Server } = http as unknown as Record<'Agent' | 'Server', () => object>
  t.true(Agent() instanceof http.Agent)
  t.true(Server() instanceof http.Server)

  class Extended extends http.Server {
    readonly isExtended = true
  }
  t.true(new Extended().isExtended)
  t.true(new Extended() instanceof coreHttp.Server)

  function Inherited(this: object): void {
    Reflect.apply(http.Agent, this, [{ maxSockets: 3 }])
  }
  Object.setPrototypeOf(Inherited.prototype, http.Agent.prototype)
  const inherited = Reflect.construct(Inherited, []) as coreHttp.Agent
  t.is(inherited.maxSockets, 3)
  t.true(inherited instanceof http.Agent)
})

test('the global agents have the options of those of core', (t) => {
  const optionsOf = (agent: object): object => ({ ...(agent as { options: object }).options })
  t.deepEqual(optionsOf(http.globalAgent), optionsOf(coreHttp.globalAgent))
  t.deepEqual(optionsOf(https.globalAgent), optionsOf(coreHttps.globalAgent))
})

served('connections are sockets of mio-js/net, at both ends', async (t) => {
  const server = ours.http.createServer((request, response) => {
    response.end(String(isOurs(request.socket)))
  })
  const port = await listening(t, server)
  const request = ours.http.get({ port, host: '127.0.0.1', agent: false })
  const { body, response } = await answer(request)
  t.is(body, 'true')
  t.true(isOurs(response.socket))
})

servedNatively("a native server's connections are core's own sockets", async (t) => {
  const server = native.http.createServer(native.server, (request, response) => {
    response.end(Object.getPrototypeOf(request.socket) === net.Socket.prototype ? 'core' : 'other')
  })
  const port = await listening(t, server)
  t.is((await answer(core.http.get({ port, host: '127.0.0.1', agent: false }))).body, 'core')
})

const inBun = where(isBun, "Bun: others' servers of HTTP are made of net")

inBun('no server of ours listens in Bun, and each says so', (t) => {
  for (const server of [http.createServer(), https.createServer(), http2.createServer()]) {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => server.listen(0))
  }
})

windows('there are no native servers', (t) => {
  const refused = { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }
  t.throws(() => http.createServer({ native: true }), refused)
  t.throws(() => https.createServer({ native: true }), refused)
  t.throws(() => http2.createServer({ native: true }), refused)
})

/** Core's sockets are instances, too. */
function isOurs(socket: object): boolean {
  return Object.prototype.isPrototypeOf.call(Socket.prototype, socket)
}
