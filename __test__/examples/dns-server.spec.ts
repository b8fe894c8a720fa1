import { promises as dns } from 'node:dns'
import path from 'node:path'
import test from 'ava'
import * as fc from 'fast-check'
import { answer } from '../../examples/dns/message.ts'
import type { Table } from '../../examples/dns/record.ts'
import '../support/census.js'
import { rejectsCode } from '../support/errors.js'
import { received, soon, udp } from '../support/udp.js'
import { type Running, finish, startExample, stopAll } from './redis/processes.js'

const program = {
  name: 'dns-server',
  path: path.resolve('build/examples/dns-server.js'),
  environment: {},
  refuses: false,
}

let example: Running
let resolver: dns.Resolver

test.before('start the server', async () => {
  example = await startExample(program)
  resolver = new dns.Resolver({ timeout: 5000, tries: 2 })
  resolver.setServers([`127.0.0.1:${example.port}`])
})

test.after.always('stop the server', stopAll)

/** A request for one name, of which everything else is right. */
function request(name: string, type = 1, head = '123401000001000000000000'): Buffer {
  const labels = name === '' ? [] : name.split('.')
  return Buffer.concat([
    Buffer.from(head, 'hex'),
    ...labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')]),
    Buffer.of(0, 0, type, 0, 1),
  ])
}

/** What the server answers to these bytes. */
async function ask(t: Parameters<typeof udp>[0], bytes: Buffer): Promise<Buffer> {
  const socket = udp(t)
  socket.connect(`127.0.0.1:${example.port}`)
  socket.send(bytes)
  return Buffer.from((await received(socket))[0], 'latin1')
}

test('the resolver of Node finds addresses and texts', async (t) => {
  t.deepEqual((await resolver.resolve4('example.test')).toSorted(), ['192.0.2.1', '192.0.2.2'])
  t.deepEqual(await resolver.resolve6('example.test'), ['2001:db8::1'])
  t.deepEqual((await resolver.resolveTxt('example.test')).toSorted(), [['hello'], ['world']])
  t.deepEqual(await resolver.resolve4('FOUR.Example.TEST'), ['192.0.2.4'])
  t.deepEqual(await resolver.resolve4('four.example.test', { ttl: true }), [
    { address: '192.0.2.4', ttl: 60 },
  ])
})

test('a name without such a record is told from a name that does not exist', async (t) => {
  await rejectsCode(t, 'ENODATA', resolver.resolve4('six.example.test'))
  await rejectsCode(t, 'ENODATA', resolver.resolveMx('example.test'))
  for (const name of ['no.example.test', 'test', 'example.test.example.test', 'constructor']) {
    await rejectsCode(t, 'ENOTFOUND', resolver.resolve4(name))
  }
})

test('many requests at once are all answered', async (t) => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => resolver.resolve6('six.example.test')),
  )
  t.true(answers.every(([address]) => address === '2001:db8::6'))
})

test('a malformed request is answered with FORMERR and its number', async (t) => {
  const good = request('example.test')
  for (const bytes of [
    good.subarray(0, 12),
    good.subarray(0, 20),
    good.subarray(0, -1),
    request('example.test', 1, '123401000002000000000000'),
    request('example.test', 1, '123401000000000000000000'),
    // A pointer to itself; a label without an end; a name that is too long.
    Buffer.concat([good.subarray(0, 12), Buffer.from('c00c00010001', 'hex')]),
    Buffer.concat([good.subarray(0, 12), Buffer.from('3f', 'hex')]),
    request(Array<string>(5).fill('x'.repeat(60)).join('.')),
  ]) {
    const reply = await ask(t, bytes)
    t.is(reply.toString('hex', 0, 4), '12348501', bytes.toString('hex'))
    t.is(reply.length, 12)
  }
})

test('other kinds of requests, and of networks, are refused', async (t) => {
  t.is((await ask(t, request('example.test', 1, '123428000001000000000000')))[3]! & 15, 4)
  const chaos = request('example.test')
  chaos[chaos.length - 1] = 3
  t.is((await ask(t, chaos))[3]! & 15, 5)
})

test('what is too short for a number, and what is an answer, gets none', async (t) => {
  const socket = udp(t)
  socket.connect(`127.0.0.1:${example.port}`)
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('123401000001', 'hex'),
    request('example.test', 1, '123481000001000000000000'),
  ]) {
    socket.send(bytes)
  }
  const good = request('six.example.test', 28)
  socket.send(good)
  t.is((await received(socket))[0].length, good.length + 12 + 16)
  t.is(socket.recv(Buffer.alloc(1)), null)
})

const table: Table = new Map([
  ['a', { A: ['192.0.2.1'], TXT: ['x'.repeat(255), 'y'.repeat(255)] }],
  ['', { AAAA: ['::', '1::', '::1', '1:2:3:4:5:6:7:8'] }],
])

test('no bytes make the answer anything but an answer', (t) => {
  const near = fc.tuple(
    fc.constantFrom('a', '', 'b.c', 'a'.repeat(63)),
    fc.integer({ min: 0, max: 255 }),
    fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }),
    fc.nat(80),
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array)),
    near.map(([name, type, changes, cut]) => {
      const whole = request(name, type)
      for (const [at, byte] of changes) if (at < whole.length) whole[at] = byte
      return whole.subarray(0, Math.max(0, whole.length - Math.max(0, cut - 40)))
    }),
  )
  fc.assert(
    fc.property(bytes, (asked) => {
      const reply = answer(asked, table)
      if (reply === null) return asked.length < 12 || asked[2]! >= 128
      const isAnswer = reply.length >= 12 && reply.length <= 512 && reply[2]! >= 128
      return isAnswer && reply.subarray(0, 2).equals(asked.subarray(0, 2))
    }),
    { numRuns: 5000 },
  )
  t.pass()
})

test('an answer that does not fit says so', (t) => {
  const reply = answer(request('a', 16), table)!
  t.is(reply.readUInt16BE(2) & 0x0200, 0x0200)
  t.is(reply.readUInt16BE(6), 0)
  t.is(answer(request('a', 1), table)!.readUInt16BE(6), 1)
})

test('addresses are written in full', (t) => {
  const reply = answer(request('', 28), table)!
  const records = [0, 1, 2, 3].map((n) =>
    reply.toString('hex', 17 + n * 28 + 12, 17 + (n + 1) * 28),
  )
  t.deepEqual(records, [
    '00000000000000000000000000000000',
    '00010000000000000000000000000000',
    '00000000000000000000000000000001',
    '00010002000300040005000600070008',
  ])
})

test('the server is there after thousands of senseless datagrams, and ends when told to', async (t) => {
  const socket = udp(t)
  socket.connect(`127.0.0.1:${example.port}`)
  const good = request('example.test', 255)
  for (let round = 0; round < 50; round += 1) {
    for (const bytes of fc.sample(fc.uint8Array({ maxLength: 700 }), 40)) socket.send(bytes)
    for (let n = 0; n < 20; n += 1) {
      const broken = Buffer.from(good)
      broken[2 + Math.trunc(Math.random() * (good.length - 2))] = Math.trunc(Math.random() * 256)
      socket.send(broken)
    }
    // Between the rounds it has time to take them.
    t.deepEqual(await resolver.resolve4('four.example.test'), ['192.0.2.4'])
  }
  await soon(() => socket.recv(Buffer.alloc(512)))
  t.deepEqual(example.errors, [])
  if (process.platform === 'win32') return
  const ended = finish(example.child)
  example.child.kill('SIGINT')
  t.is((await ended).code, 0)
})
