import { createHash, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import './support/census.js'
import { Sample, samplesOf } from './support/sample.js'
import { until } from './support/until.js'

test('the program of the guide drains, and no client keeps it from the others', async (t) => {
  const sample = new Sample(t, samplesOf('docs/edge-triggered.md')[0])
  const port = await sample.port()

  const upload = async (bytes: Buffer): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(bytes)
    return text(socket)
  }
  const hashOf = (bytes: Buffer): string => `${createHash('sha256').update(bytes).digest('hex')}\n`

  // Sends without end, faster than anybody reads.
  const flood = connect(port, '127.0.0.1')
  t.teardown(() => flood.destroy())
  flood.on('error', () => {})
  const noise = Buffer.alloc(2 ** 20)
  const fill = (): void => {
    while (!flood.destroyed && flood.write(noise));
  }
  flood.on('drain', fill)
  fill()
  await until('the flood runs', () => flood.bytesWritten > 8 * noise.length)

  const small = Array.from({ length: 50 }, (_, n) => Buffer.from(`upload ${n}`))
  t.deepEqual(await Promise.all(small.map(upload)), small.map(hashOf))
  const large = randomBytes(4 * 2 ** 20)
  t.is(await upload(large), hashOf(large))
  const before = flood.bytesWritten
  await until('the flood still runs', () => flood.bytesWritten > before)

  flood.resetAndDestroy()
  t.is(await upload(Buffer.alloc(0)), hashOf(Buffer.alloc(0)))
  await sample.stop()
})
