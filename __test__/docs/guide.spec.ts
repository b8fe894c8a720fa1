/** The programs of the pages about which no other spec is. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { where } from '../support/platforms.js'
import { Sample, samplesOf } from '../support/sample.js'

const host = '127.0.0.1'

/** The only program of a page, which listens. */
async function started(t: ExecutionContext, page: string, env = {}): Promise<[Sample, number]> {
  const samples = samplesOf(page)
  t.is(samples.length, 1)
  const sample = new Sample(t, samples[0], env)
  return [sample, await sample.port()]
}

/** All that a server answers to somebody who says this and ends. */
async function talk(port: number, say: string): Promise<string> {
  const socket = connect(port, host)
  socket.end(say)
  return text(socket)
}

test('the datagrams of the mirror are answered', async (t) => {
  const [, port] = await started(t, 'docs/mirror.md')
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  socket.send('hello', port, host)
  const [message] = (await once(socket, 'message')) as [Buffer]
  t.regex(message.toString(), /^5 bytes at \d{4}-/)
})

test('the handshake ends with a connection, or with the reason why not', async (t) => {
  const [program] = samplesOf('docs/connecting.md')
  const server = createServer((socket) => socket.end()).listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const connected = new Sample(t, program, { PORT: `${port}` })
  t.is(await connected.line(), `connected to ${host}:${port}`)
  t.is(await connected.ended(), 0)
  server.close()
  await once(server, 'close')
  const refused = new Sample(t, program, { PORT: `${port}` })
  t.regex(await refused.line(), /^connect ECONNREFUSED.* 127\.0\.0\.1:\d+$/)
  t.is(await refused.ended(), 0)
})

test('the server with I/O threads echoes', async (t) => {
  const [, port] = await started(t, 'docs/threads.md')
  t.is(await talk(port, 'there and back'), 'there and back')
})

test('the server for who comes from node:net greets and echoes', async (t) => {
  const [sample, port] = await started(t, 'docs/from-net.md')
  t.is(await talk(port, 'there and back'), 'hello\nthere and back')
  t.is((await sample.line()).trim(), '14 bytes')
})

test('the server for who comes from Bun counts lines', async (t) => {
  const [, port] = await started(t, 'docs/from-bun.md')
  t.regex(await talk(port, 'one\ntwo\nthree\n'), /^(\d lines\n)*3 lines\n$/)
})

test('the loop for who comes from mio accepts everybody', async (t) => {
  const [, port] = await started(t, 'docs/from-mio.md')
  t.deepEqual(await Promise.all([talk(port, ''), talk(port, ''), talk(port, '')]), ['', '', ''])
})

const metered = where(process.platform === 'linux', 'other systems need Node 24 for the meter')

metered('the meter tells the time of the thread and of the process', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-meter-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'meter.mjs')
  writeFileSync(file, samplesOf('docs/measuring.md')[0] ?? '')
  const busy = 'setInterval(() => { const end = Date.now() + 5; while (Date.now() < end); }, 1)'
  const child = spawn(process.execPath, ['--import', pathToFileURL(file).href, '-e', busy], {
    env: { ...process.env, METER_SECONDS: '0.2' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [chunk] = (await once(child.stderr, 'data')) as [Buffer]
  child.kill()
  await once(child, 'close')
  const [, thread, all] =
    /^JavaScript thread ([\d.]+) %, process ([\d.]+) %\n/.exec(`${chunk}`) ?? []
  t.true(Number(thread) > 0)
  t.true(Number(all) > 0)
})
