import { once } from 'node:events'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import './support/census.js'
import { Sample, samplesOf } from './support/sample.js'

const [onPoll, onEngine] = samplesOf('README.md')

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
