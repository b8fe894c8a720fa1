/** Drops a shared value, and then the source that was taken with it, and collects garbage. */
import { setImmediate } from 'node:timers/promises'
import { TcpListener, TcpStream } from 'mio-js'
import { long } from '../support/patience.js'

const warnings: string[] = []
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push(`${warning.code}: ${warning.message}`)
})

const listener = TcpListener.bind('127.0.0.1:0')
const client = TcpStream.connect(listener.localAddr())
while (!client.finishConnect()) await setImmediate()

/** Only the number survives, as in a message that is on its way. */
function shareOne(): number {
  const accepted = listener.accept()
  if (accepted === null) throw new Error('nobody connected')
  return accepted[0].share().source
}

async function collect(): Promise<void> {
  for (let n = 0; n < 20; n += 1) {
    globalThis.gc?.()
    await setImmediate()
  }
}

const buffer = Buffer.alloc(16)
const source = shareOne()
await collect()
const afterCollection = client.read(buffer)

function takeAndForget(): void {
  TcpStream.from({ kind: 'TcpStream', source }).write(Buffer.from('hello'))
}
takeAndForget()
let count: number | null = null
while (count === null) {
  await setImmediate()
  count = client.read(buffer)
}
const echo = buffer.toString('latin1', 0, count)
const deadline = performance.now() + long(10_000)
let end: number | null = null
while ((end === null || warnings.length === 0) && performance.now() < deadline) {
  await collect()
  end ??= client.read(buffer)
}
process.stdout.write(JSON.stringify({ afterCollection, echo, warnings, end }))
client.close()
listener.close()
