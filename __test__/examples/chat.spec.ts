import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { serving } from '../support/example.js'
import { unix } from '../support/platforms.js'
import { TextClient } from '../support/text-client.js'
import { finish, stopAll } from './redis/processes.js'

test.afterEach.always('stop the servers', stopAll)

/** A guest that the others have heard of. */
async function guest(
  t: ExecutionContext,
  port: number,
  name: string,
  ...others: TextClient[]
): Promise<TextClient> {
  const client = await TextClient.connect(t, port)
  await client.receives('Your name?\n')
  client.socket.write(`${name}\n`)
  for (const other of others) await other.receives(`* ${name} is here\n`)
  return client
}

test('what one says all others hear, and nobody hears what was said before', async (t) => {
  const { errors, port } = await serving('chat')
  const ada = await guest(t, port, 'Ada')
  const bob = await guest(t, port, 'Bob', ada)
  const eve = await guest(t, port, 'Eve', ada, bob)
  bob.socket.write('hello ')
  bob.socket.write('all\nhow are you?\r\nnot yet')
  for (const other of [ada, eve]) await other.receives('Bob: hello all\nBob: how are you?\n')
  ada.socket.write('fine\n')
  await bob.receives('Ada: fine\n')
  eve.socket.end()
  for (const other of [ada, bob]) await other.receives('* Eve has left\n')
  t.is(
    bob.text,
    'Your name?\n* Eve is here\nAda: fine\n* Eve has left\n',
    'who speaks does not hear it',
  )
  t.is(eve.text, 'Your name?\nBob: hello all\nBob: how are you?\nAda: fine\n')
  t.deepEqual(errors, [])
})

test('letters that are cut between two segments are whole', async (t) => {
  const { port } = await serving('chat')
  const ada = await guest(t, port, 'Ada')
  const bob = await guest(t, port, 'Bøb', ada)
  const bytes = Buffer.from('grüße 🎉\n')
  for (const byte of bytes) {
    bob.socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  await ada.receives('Bøb: grüße 🎉\n')
  t.false(ada.text.includes('\uFFFD'))
})

test('a line without an end is too long some time, and who sends it is closed', async (t) => {
  const { port } = await serving('chat')
  const ada = await guest(t, port, 'Ada')
  const bob = await guest(t, port, 'Bob', ada)
  bob.socket.write('x'.repeat(5000))
  t.is(await bob.ends(), 'ECONNRESET')
  await ada.receives('* Bob has left\n')
  t.false(ada.text.includes('xx'))
})

test('a guest that does not read keeps nobody from hearing, and is closed', async (t) => {
  const { port } = await serving('chat')
  const ada = await guest(t, port, 'Ada')
  const deaf = await guest(t, port, 'Deaf', ada)
  const bob = await guest(t, port, 'Bob', ada, deaf)
  deaf.socket.pause()
  const song = 'la'.repeat(2000)
  for (let verse = 1; !ada.text.includes('* Deaf has left\n'); verse += 1) {
    ada.text = ''
    for (let line = 0; line < 50; line += 1) bob.socket.write(`${song} ${verse} ${line}\n`)
    await ada.receives(`la ${verse} 49\n`)
    t.is(ada.text.match(/^Bob: /gm)?.length, 50)
    // With what a guest says the server learns what it has read.
    ada.socket.write(`${verse}!\n`)
    await bob.receives(`Ada: ${verse}!\n`)
    t.true(verse < 200, '40 MB wait for nobody')
  }
})

unix('told to end it ends, whoever is there', async (t) => {
  const { child, port } = await serving('chat')
  const ada = await guest(t, port, 'Ada')
  const ended = finish(child)
  child.kill('SIGTERM')
  t.is((await ended).code, 0)
  t.truthy(await ada.ends())
})
