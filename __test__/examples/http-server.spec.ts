import { createHash } from 'node:crypto'
import { once } from 'node:events'
import coreHttp from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { noise } from '../support/engine-sockets.js'
import { serving } from '../support/example.js'
import { unix, where } from '../support/platforms.js'
import { finish, missingOf, run, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

const missing = missingOf('curl')
const curl = where(missing === undefined, missing ?? '')

/** What curl answers: the status, and the body. */
async function ask(
  t: ExecutionContext,
  ...args: string[]
): Promise<[status: string, body: string]> {
  const all = [
    '--silent',
    '--show-error',
    '--max-time',
    '20',
    '--write-out',
    '%{http_code}',
    ...args,
  ]
  const { code, stderr, stdout } = await finish(run('curl', all))
  t.is(code, 0, stderr)
  return [stdout.slice(-3), stdout.slice(0, -3)]
}

curl('curl gets JSON, and is told where there is nothing', async (t) => {
  const { errors, port } = await serving('http-server')
  const at = `http://127.0.0.1:${port}`
  t.deepEqual(await ask(t, `${at}/`), ['200', '{"hello":"127.0.0.1"}\n'])
  for (const args of [
    [`${at}/nothing`],
    ['--request', 'DELETE', at],
    ['--request-target', '//', at],
  ]) {
    t.deepEqual(await ask(t, ...args), ['404', '{"error":"there is nothing here"}\n'])
  }
  t.deepEqual(errors, [])
})

curl('curl uploads a file, and gets its digest; one that is too long is refused', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-http-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true })
  })
  const { port } = await serving('http-server')
  const at = `http://127.0.0.1:${port}/digest`
  const file = path.join(folder, 'file')
  const bytes = noise(3_000_000)
  writeFileSync(file, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const [status, body] = await ask(t, '--data-binary', `@${file}`, at)
  t.is(status, '200')
  t.deepEqual(JSON.parse(body), { length: bytes.length, sha256 })
  writeFileSync(file, Buffer.alloc(17 * 2 ** 20))
  const [refused, reason] = await ask(t, '--data-binary', `@${file}`, at)
  t.is(refused, '413')
  t.deepEqual(JSON.parse(reason), { error: 'more than 16777216 bytes' })
})

curl('curl reads a long answer to its end', async (t) => {
  const { port } = await serving('http-server')
  const [status, body] = await ask(t, `http://127.0.0.1:${port}/lines?count=200000`)
  t.is(status, '200')
  const lines = body.trimEnd().split('\n')
  t.is(lines.length, 200_000)
  t.is(lines.at(-1), 'line 199999')
})

unix('told to end it finishes the answer that is being read', async (t) => {
  const { child, errors, output, port } = await serving('http-server')
  const request = coreHttp.get({ port, host: '127.0.0.1', path: '/lines?count=500000' })
  const [response] = (await once(request, 'response')) as [coreHttp.IncomingMessage]
  const ended = finish(child)
  child.kill('SIGTERM')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  t.true(text.endsWith('line 499999\n'))
  t.is((await ended).code, 0)
  t.is(output.at(-1), 'stopped')
  t.deepEqual(errors, [])
})

unix('who goes away in the middle does no harm', async (t) => {
  const { errors, port } = await serving('http-server')
  for (let n = 0; n < 5; n += 1) {
    const request = coreHttp.get({
      port,
      host: '127.0.0.1',
      path: '/lines?count=900000',
      agent: false,
    })
    const [response] = (await once(request, 'response')) as [coreHttp.IncomingMessage]
    response.destroy()
    const upload = coreHttp.request({
      port,
      host: '127.0.0.1',
      path: '/digest',
      method: 'POST',
      agent: false,
    })
    upload.on('error', () => {})
    upload.write('half')
    await once(upload, 'socket')
    upload.destroy()
  }
  const request = coreHttp.get({ port, host: '127.0.0.1', path: '/', agent: false })
  const [response] = (await once(request, 'response')) as [coreHttp.IncomingMessage]
  t.is(response.statusCode, 200)
  response.resume()
  await once(response, 'end')
  t.deepEqual(errors, [])
})
