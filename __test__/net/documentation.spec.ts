import { once } from 'node:events'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import '../support/census.js'
import { soon } from '../support/engine.js'
import { Sample, samplesOf } from '../support/sample.js'

const [echo, greet] = samplesOf('docs/net.md')

/** All that a program answers to a client that sends this and ends. */
async function answer(t: ExecutionContext, program: string | undefined, text: string) {
  const sample = new Sample(t, program)
  const socket = connect(await sample.port(), '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.end(text)
  await soon(once(socket, 'close'))
  return Buffer.concat(chunks).toString()
}

test('the echo server of the page echoes', async (t) => {
  t.is(await answer(t, echo, 'there and back'), 'there and back')
})

test('the server of the page with an engine of its own greets', async (t) => {
  t.is(await answer(t, greet, ''), 'hello\n')
})
