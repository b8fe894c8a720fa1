/**
 * Runs programs one after another, in one process, and says of each what it printed and whether it
 * left a descriptor open. usage: declared-examples.js PROGRAM…
 */
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { format } from 'node:util'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { connect, listen } from 'mio-js/engine'
import { type AddressInfo, connect as connectNet, createServer } from 'mio-js/net'

/** Long for any of them. */
const deadline = 10_000
const descriptors = (): number => {
  return existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0
}

/** What the whole thread shares is made once, and stays. */
async function warmUp(): Promise<void> {
  const listening = listen({ hostname: '127.0.0.1' })
  const socket = await connect({ hostname: '127.0.0.1', port: listening.port })
  socket.close()
  await listening.close()
  const server = createServer((accepted) => accepted.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(connectNet(port, '127.0.0.1').resume(), 'close')
  server.close()
  await once(server, 'close')
}

async function run(program: string): Promise<object> {
  const printed: [line: unknown, text: string][] = []
  console.log = function (this: unknown, ...args: unknown[]): void {
    printed.push([typeof this === 'number' ? this : null, format(...args)])
  }
  const before = descriptors()
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error('it does not end')), deadline).unref()
  })
  try {
    await Promise.race([import(pathToFileURL(program).href), late])
    const end = Date.now() + deadline
    while (descriptors() > before && Date.now() < end) await nextTurn()
    return { program, printed, left: Math.max(0, descriptors() - before) }
  } catch (error) {
    return { program, printed, error: String((error as Error).stack) }
  }
}

await warmUp()
for (const program of process.argv.slice(2)) {
  process.stdout.write(`${JSON.stringify(await run(program))}\n`)
}
