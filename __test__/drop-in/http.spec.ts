import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { endedWell, example, Program } from '../support/scenario.ts'
import { where } from '../support/platforms.ts'
import { missingOf, runTool } from '../support/servers/tools.ts'
import { until } from '../support/until.ts'
import '../support/census.ts'
import { bytes, lengthOfBytes } from './servers/routes.ts'

/** Three ways to write a server, none of which knows whose sockets it has. */
const servers = ['http', 'express', 'fastify']
const doors = ['mio-js/http', 'register']

const MIB = 1024 * 1024
const host = '127.0.0.1'
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

const served = where(process.platform !== 'win32', 'Windows has no signals to end a server by')
const missing = missingOf('curl')
const byCurl = where(missing === undefined, `${missing}`)
const noWrk = missingOf('wrk')
const byWrk = where(noWrk === undefined, `${noWrk}`)

for (const [name, door] of servers.flatMap((one) => doors.map((other) => [one, other] as const))) {
  const how = `${name} by ${door}`
  let program: Program
  let port = 0

  served(`${how}: it says where it listens`, async (t) => {
    const file = path.resolve('build/__test__/programs/drop-in-server.js')
    program = new Program(file, [name, door], { isRegistered: door === 'register' })
    port = await program.port()
    t.true(port > 0)
  })

  const url = (route: string): string => `http://${host}:${port}${route}`

  async function get(
    route: string,
    options: http.RequestOptions = {},
  ): Promise<http.IncomingMessage> {
    const request = http.get(url(route), { agent: false, ...options })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return response
  }

  served(`${how}: one connection serves request after request`, async (t) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()
    for (let i = 0; i < 100; i += 1) {
      const response = await get(i % 10 === 0 ? '/nowhere' : '/text', { agent })
      ports.add(response.socket.localPort)
      t.is(response.statusCode, i % 10 === 0 ? 404 : 200)
      t.is(await text(response), i % 10 === 0 ? 'not found' : 'hello')
    }
    t.is(ports.size, 1)
    agent.destroy()
  })

  served(`${how}: requests that come together are answered in order`, async (t) => {
    const socket = net.connect(port, host)
    const request = `GET /text HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    const last = `GET /nowhere HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    socket.write(request.repeat(200) + last)
    const answers = (await text(socket)).split(/(?=HTTP\/1\.1 )/)
    t.is(answers.length, 201)
    t.true(answers.slice(0, 200).every((answer) => /^HTTP\/1\.1 200 [^]*hello/.test(answer)))
    t.regex(answers[200]!, /^HTTP\/1\.1 404 /)
  })

  served(`${how}: a large body is sent and comes back`, async (t) => {
    const body = randomBytes(16 * MIB)
    const request = http.request(url('/echo'), { agent: false, method: 'POST' })
    request.setHeader('content-type', 'application/octet-stream')
    request.end(body)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    t.true((await buffer(response)).equals(body))
  })

  served(`${how}: one who reads slowly gets every byte`, async (t) => {
    const response = await get('/bytes')
    response.pause()
    // Others are answered meanwhile.
    for (let i = 0; i < 20; i += 1) t.is(await text(await get('/text')), 'hello')
    const all = await buffer(response)
    t.is(all.length, lengthOfBytes)
    t.true(all.equals(bytes(lengthOfBytes)))
  })

  byCurl(`${how}: curl sends and gets large bodies, over one connection`, async (t) => {
    const body = randomBytes(4 * MIB)
    const options = ['-sS', '-w', '%{num_connects} %{http_code}\n', '-X', 'POST']
    const type = ['-H', 'content-type: application/octet-stream', '--data-binary', '@-']
    const sent = await runTool('curl', [...options, ...type, url('/hash')], body)
    t.deepEqual(sent, {
      code: 0,
      stdout: `${body.length} ${sha256(body)}1 200\n`,
      stderr: '',
    })
    const each = ['-sS', '-o', '/dev/null', '-w', '%{num_connects} %{size_download}\n']
    const both = [...each, url('/bytes'), '--next', ...each, url('/text')]
    t.is((await runTool('curl', both)).stdout, `1 ${lengthOfBytes}\n0 5\n`)
  })

  byCurl(`${how}: curl waits for the consent to an upload`, async (t) => {
    const body = randomBytes(2 * MIB)
    const options = ['-sS', '-v', '-T', '-', '-X', 'POST', '-H', 'expect: 100-continue']
    const type = ['-H', 'content-type: application/octet-stream']
    const { stdout, stderr } = await runTool('curl', [...options, ...type, url('/hash')], body)
    t.is(stdout, `${body.length} ${sha256(body)}`)
    t.regex(stderr, /HTTP\/1\.1 100 Continue/)
  })

  served(`${how}: a response arrives while it is being written`, async (t) => {
    const response = await get('/begin')
    await once(response, 'readable')
    t.is(`${response.read()}`, 'begun ')
    t.is(await text(await get('/end')), 'done')
    t.is(await text(response), 'ended')
  })

  served(`${how}: the server is told of clients that give up`, async (t) => {
    const before = Number(await text(await get('/abandoned')))
    const responses = await Promise.all(Array.from({ length: 10 }, async () => get('/endless')))
    for (const [i, response] of responses.entries()) {
      response.on('error', () => {})
      if (i % 2 === 0) response.destroy()
      else response.socket.resetAndDestroy()
    }
    await until('all ten are gone', async () => {
      return Number(await text(await get('/abandoned'))) === before + 10
    })
    t.pass()
  })

  served(`${how}: a client is told that the server gave up`, async (t) => {
    const response = await get('/cut')
    t.is(response.headers['content-length'], '1000')
    await t.throwsAsync(buffer(response), { code: 'ECONNRESET' })
  })

  served(`${how}: what is no HTTP is refused`, async (t) => {
    const socket = net.connect(port, host)
    socket.write('what?\r\n\r\n')
    t.regex(await text(socket), /^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  if (name === 'http') {
    byWrk(`${how}: wrk meets no error`, async (t) => {
      const { code, stdout } = await runTool('wrk', ['-t1', '-c32', '-d1s', url('/text')])
      t.is(code, 0)
      t.notRegex(stdout, /Socket errors|Non-2xx/)
      t.true(Number(/(\d+) requests in/.exec(stdout)?.[1]) > 100, stdout)
    })
  }

  served(`${how}: closing waits for answers, and not for idle connections`, async (t) => {
    const agent = new http.Agent({ keepAlive: true })
    await text(await get('/text', { agent }))
    const idle = Object.values(agent.freeSockets).flat()[0]!
    const closed = once(idle, 'close')
    const response = await get('/begin')
    program.stop()
    await program.says(/^closing$/m)
    await closed
    await refused(t, port)
    t.notRegex((await program.says(/[^]*/))[0], /^closed$/m)
    response.resume()
    response.socket.destroy()
    await program.says(/^closed$/m)
    endedWell(t, await program.ended())
    agent.destroy()
  })
}

async function refused(t: ExecutionContext, port: number): Promise<void> {
  const socket = net.connect(port, host)
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  // The system may have taken it before the engine's thread has closed the listener.
  t.true(['ECONNREFUSED', 'ECONNRESET'].includes(`${error.code}`), error.code)
}

for (const name of ['express', 'fastify']) {
  served(`the example ${name} does what it says`, async (t) => {
    const program = example(name, { env: { PORT: '0' } })
    const url = `http://${host}:${await program.port()}/`
    const [response] = (await once(http.get(url, { agent: false }), 'response')) as [
      http.IncomingMessage,
    ]
    t.is(await text(response), '{"hello":"world"}')
    const request = http.request(url, { agent: false, method: 'POST' })
    request.setHeader('content-type', 'application/json')
    request.end('{"n":[1,2]}')
    const [echo] = (await once(request, 'response')) as [http.IncomingMessage]
    t.is(await text(echo), '{"n":[1,2]}')
    program.stop()
    endedWell(t, await program.ended())
  })
}
