/** A process ends when what was called back is sent, or after the time of `linger`. */
import type { Socket } from 'mio-js/net'
import '../support/census.js'
import { expected } from '../support/called-back.js'
import { run } from '../support/child.js'
import { received, serving } from '../support/drop-in.js'
import { soon, underEachDriver } from '../support/engine.js'
import { sameBytes } from '../support/engine-sockets.js'

for (const isReading of [true, false]) {
  const title = isReading ? 'sends what was called back' : 'waits for linger at most'
  underEachDriver(`a process whose last socket is destroyed ${title}`, async (t, make, driver) => {
    let peer: Socket | undefined
    let reading: Promise<Buffer> | undefined
    const { port } = await serving(t, make(), { pauseOnConnect: true }, (socket) => {
      peer = socket.setOption('recvBufferSize', 32_768)
      socket.on('error', () => {})
    })
    const outcome = await run('net-destroy', [driver, `${port}`], [], ({ stdout }) => {
      stdout?.once('data', () => {
        if (isReading) reading = received(peer!)
      })
    })
    const { code, signal, stdout, stderr } = outcome
    t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
    const [called, timeouts, last] = stdout.trimEnd().split('\n')
    t.deepEqual([timeouts, last], [isReading ? '0' : '1', 'close'])
    if (isReading) {
      const bytes = await soon(reading!)
      t.true(bytes.length >= Number(called), `${bytes.length} of ${called} bytes`)
      sameBytes(t, bytes, expected(bytes.length))
    }
    peer?.destroy()
  })
}
