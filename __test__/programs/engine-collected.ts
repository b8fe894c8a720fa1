/** Drops every reference to engines, and reports the warnings of the collector. */
import { readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import net from 'node:net'
import { Engine } from 'mio-js/engine'
import { long } from '../support/patience.js'

const io = process.argv[2] as 'inline'

const warnings: string[] = []
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push(`${warning.code}: ${warning.message}`)
})

function count(): number {
  return readdirSync('/proc/self/fd').length
}

async function collect(until: () => boolean): Promise<void> {
  const end = performance.now() + long(10_000)
  while (!until() && performance.now() < end) {
    globalThis.gc?.()
    await setImmediate()
  }
}

/** Sockets of Node's own stay open for the first and the last count. */
const first = net.createServer().listen(0, '127.0.0.1')
await new Promise((resolve) => {
  first.once('listening', resolve)
})

async function openAndForget(): Promise<void> {
  const engine = new Engine({ io, threads: 2 })
  await engine.listen({ hostname: '127.0.0.1' }).close()
}

async function openAndClose(): Promise<void> {
  await new Engine({ io }).close()
}

/** Nobody holds it, and it has a server: it serves. */
async function openAndServe(): Promise<number> {
  const server = new Engine({ io }).listen({
    hostname: '127.0.0.1',
    socket: { data: (socket, chunk) => socket.end(chunk) },
  })
  return server.unref().port ?? 0
}

const before = count()
await openAndForget()
await openAndClose()
await collect(() => warnings.length > 0)
const descriptors = count() - before

const port = await openAndServe()
let turns = 0
await collect(() => (turns += 1) > 20)
const client = net.connect(port, '127.0.0.1')
client.write('still here')
let echoed = ''
for await (const chunk of client) echoed += String(chunk)
first.close()
console.log(JSON.stringify({ warnings, descriptors, echoed }))
