import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import test from 'ava'
import './support/census.js'

test('the first program of the README is a complete echo server', async (t) => {
  const [, program] = /```js\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? []
  t.truthy(program)
  // Inside the package, whose own name it imports.
  mkdirSync('build/readme', { recursive: true })
  writeFileSync('build/readme/echo.mjs', program ?? '')
  const child = spawn(process.execPath, ['build/readme/echo.mjs'], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill())
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  const port = Number(/^listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1])

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
  const ended = once(child, 'close')
  child.kill()
  await ended
})
