import test from 'ava'
import { binary } from '#src/binding.js'
import './support/census.js'
import { run } from './support/child.js'

async function traced(value: string | undefined): Promise<{ lines: string[]; stdout: string }> {
  const before = process.env['NODE_DEBUG']
  if (value === undefined) delete process.env['NODE_DEBUG']
  else process.env['NODE_DEBUG'] = value
  const outcome = run('traced')
  if (before === undefined) delete process.env['NODE_DEBUG']
  else process.env['NODE_DEBUG'] = before
  const { code, stderr, stdout } = await outcome
  if (code !== 0) throw new Error(stderr)
  return { lines: stderr.split('\n').slice(0, -1), stdout }
}

test('NODE_DEBUG=mio-js tells what is opened, connected and closed, with its addresses', async (t) => {
  const { lines, stdout } = await traced('mio-js')
  const [port, local] = stdout.trim().split(' ')
  t.true(lines.every((line) => /^MIO-JS \d+: /.test(line)))
  const told = lines.map((line) => line.replace(/^MIO-JS \d+: /, ''))
  const at = `127.0.0.1:${port}`
  const from = `127.0.0.1:${local}`
  const wake = process.env['MIO_JS_WAKE'] === 'thread' ? 'a thread' : '(?:libuv|a thread)'
  for (const expected of [
    new RegExp(`^poll opened, woken by ${wake}$`),
    /^poll closed: \{"polls":0,/,
    new RegExp(`^engine opened: io inline, threads 1, woken by ${wake}$`),
    new RegExp(`^server listens on ${at}$`),
    new RegExp(`^socket c0\\.0\\.0: ${from} connected to ${at}$`),
    new RegExp(`^socket a0\\.0\\.\\d+: ${at} accepted ${from}$`),
    /^socket c0\.0\.0: closed, 0 bytes read, 5 written$/,
    /^socket a0\.0\.\d+: closed, 5 bytes read, 0 written$/,
    new RegExp(`^server on ${at} closed: \\{"accepted":1,`),
    new RegExp(`^connect failed: connect ECONNREFUSED.* ${at}$`),
    /^engine closed: \{"turns":\d+,/,
  ]) {
    t.is(told.filter((line) => expected.test(line)).length, 1, `${expected} in ${told.join('\n')}`)
  }
  t.true(told.includes(`binary loaded: ${binary}`))
  t.is(told.length, 12)
})

test('nothing is told unless it was asked for', async (t) => {
  for (const value of [undefined, 'net', 'mio']) t.deepEqual((await traced(value)).lines, [])
})
