import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import coreHttp from 'node:http'
import net from 'node:net'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { engineFields, serverFields } from '#src/engine/stats.js'
import '../support/census.js'
import { type Family, parseExposition } from '../support/exposition.js'
import { answer } from '../support/http.js'
import { until } from '../support/until.js'
import { type Running, finish, startExample, stopAll } from './redis/processes.js'

const program = {
  name: 'metrics',
  path: path.resolve('build/examples/metrics.js'),
  environment: {},
  refuses: false,
}
const host = '127.0.0.1'

test.afterEach.always('stop the servers', stopAll)

async function scrape(t: ExecutionContext, { port }: Running): Promise<Map<string, Family>> {
  const request = coreHttp.get({ port, host, path: '/metrics', agent: false })
  const { body, response } = await answer(request)
  t.is(response.statusCode, 200)
  t.is(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(body)
}

function valueOf(families: Map<string, Family>, name: string): number | undefined {
  return families.get(name)?.samples[0]?.value
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)

test('what Prometheus reads has every figure of stats(), in its own format', async (t) => {
  const example = await startExample(program)
  const families = await scrape(t, example)
  for (const [prefix, fields] of [
    ['engine', [...engineFields, 'sockets', 'servers', 'threaded']],
    ['server', serverFields],
  ] as const) {
    for (const field of fields) {
      const name = `mio_${prefix}_${snake(field)}`
      t.true(families.has(name) || families.has(`${name}_total`), name)
    }
  }
  t.is(families.get('mio_engine_accepted_total')?.type, 'counter')
  t.is(families.get('mio_engine_sockets')?.type, 'gauge')
  t.deepEqual(families.get('mio_server_open')?.samples, [
    { labels: { address: `${host}:${example.port}` }, value: 1 },
  ])
  t.is(valueOf(families, 'mio_engine_servers'), 1)
  // Since it was started, the first time; it need not have waited, if the request was there at once.
  const utilization = valueOf(families, 'mio_event_loop_utilization')!
  t.true(utilization > 0 && utilization <= 1, `${utilization}`)
  // What the page alerts on is there.
  const page = readFileSync('docs/operations.md', 'utf8')
  for (const [name] of page.matchAll(/\bmio_[a-z_]+/g)) t.true(families.has(name), name)
})

test('counters grow with what happens, and failures are told by code', async (t) => {
  const example = await startExample(program)
  const before = await scrape(t, example)
  t.is(before.get('mio_failures_total'), undefined)
  for (let n = 0; n < 3; n += 1) {
    const { body } = await answer(coreHttp.get({ port: example.port, host, agent: false }))
    t.is(body, 'hello\n')
  }
  const socket = net.connect(example.port, host)
  await once(socket, 'connect')
  socket.write('GET /never HTTP/1.1\r\n')
  await until('it is read', async () => {
    const bytes = valueOf(await scrape(t, example), 'mio_engine_bytes_read_total') ?? 0
    return bytes > (valueOf(before, 'mio_engine_bytes_read_total') ?? 0)
  })
  socket.resetAndDestroy()
  await until('it is told', async () => (await scrape(t, example)).has('mio_failures_total'))
  const after = await scrape(t, example)
  t.deepEqual(after.get('mio_failures_total')?.samples, [
    { labels: { code: 'ECONNRESET' }, value: 1 },
  ])
  const accepted = 'mio_server_accepted_total'
  t.true(valueOf(after, accepted)! >= valueOf(before, accepted)! + 5)
})

test('told to end it ends', async (t) => {
  if (process.platform === 'win32') {
    t.pass('Windows has no such signals')
    return
  }
  const { child } = await startExample(program)
  const ended = finish(child)
  child.kill('SIGTERM')
  t.is((await ended).code, 0)
})
