import { once } from 'node:events'
import '../support/census.js'
import { pair, received } from '../support/drop-in.js'
import { soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

function gone(text: string): { bytes: Buffer; transfer: () => void } {
  const memory = new ArrayBuffer(text.length)
  const bytes = Buffer.from(memory)
  bytes.write(text)
  return { bytes, transfer: () => void structuredClone(memory, { transfer: [memory] }) }
}

underEachDriver('memory that is shared can be written', async (t, make) => {
  const { near, far } = await pair(t, make())
  const shared = Buffer.from(new SharedArrayBuffer(6))
  shared.write('shared')
  near.write('a ')
  near.write(shared)
  near.cork()
  near.write(' and ')
  near.write(shared)
  near.uncork()
  near.end(' again')
  t.is((await soon(received(far))).toString(), 'a shared and shared again')
})

underEachDriver('memory that has gone is written as nothing', async (t, make) => {
  const { near, far } = await pair(t, make())
  const first = gone('first')
  first.transfer()
  await soon(new Promise((resolve) => near.write(first.bytes, resolve)))
  const second = gone('second')
  near.cork()
  near.write('one ')
  near.write(second.bytes)
  near.write('two')
  second.transfer()
  near.uncork()
  near.end()
  t.is((await soon(received(far))).toString(), 'one two')
  await soon(once(near, 'close'))
})

underEachDriver("one that is paused and unref'd learns that its peer has gone", async (t, make) => {
  const { near, far } = await pair(t, make())
  near.pause()
  near.unref()
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
    near.once('error', resolve)
  })
  far.resetAndDestroy()
  await until('a write fails', () => {
    if (!near.destroyed) near.write('x')
    return near.destroyed
  })
  t.true(['EPIPE', 'ECONNRESET'].includes((await soon(failed)).code ?? ''))
})
