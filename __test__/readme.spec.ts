import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import './support/census.js'
import { answer } from './support/http.js'
import { Sample, samplesOf } from './support/sample.js'
import { served } from './support/platforms.js'

const [onPoll, onEngine, onNet, onHttp] = samplesOf('README.md')

async function echoes(t: ExecutionContext, program: string | undefined): Promise<void> {
  const sample = new Sample(t, program)
  const port = await sample.port()

  // More than the buffers of a socket hold, so that the server meets partial writes.
  const sent = Buffer.alloc(8 * 2 ** 20, 'mio-js ')
  const echoed = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('end', () => {
      resolve(Buffer.concat(chunks))
    })
    socket.once('error', reject)
    socket.write(sent)
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received === sent.length) socket.end()
    })
  })
  t.true(echoed.equals(sent))

  const reset = connect(port, '127.0.0.1')
  await once(reset, 'connect')
  reset.resetAndDestroy()
  const after = connect(port, '127.0.0.1')
  after.end('still there')
  const [chunk] = (await once(after, 'data')) as [Buffer]
  t.is(chunk.toString(), 'still there')
  await sample.stop()
}

test('the first program of the README is a complete echo server', async (t) => {
  await echoes(t, onPoll)
})

test('the same on the engine is complete as well', async (t) => {
  await echoes(t, onEngine)
})

test('and so is that on the module net', async (t) => {
  await echoes(t, onNet)
})

served('the server of http answers', async (t) => {
  const sample = new Sample(t, onHttp)
  const port = await sample.port()
  const { body } = await answer(get({ port, host: '127.0.0.1', path: '/page', agent: false }))
  t.is(body, 'hello from /page\n')
  await sample.stop()
})

test('the README has under 200 lines, and a program for each door', (t) => {
  const text = readFileSync('README.md', 'utf8')
  t.true(text.split('\n').length <= 200)
  t.is(samplesOf('README.md').length, 4)
  t.true(text.includes('node --import mio-js/register app.js'))
})
