/** Drops a builder that was not used, and reports the warning of the collector. */
import { setImmediate } from 'node:timers/promises'
import { TcpListener } from 'mio-js'
import { native } from '#src/binding.js'
import { long } from '../support/patience.js'

const warnings: (Error & { code?: string })[] = []
process.on('warning', (warning) => warnings.push(warning))

function openAndForget(): void {
  const builder = TcpListener.builder('IPv4')
  builder.options.setKeepalive(true)
  // One that has made its socket is the business of that.
  const used = TcpListener.builder('IPv4')
  used.bind('127.0.0.1:0').listen().close()
  TcpListener.builder('IPv4').close()
}

openAndForget()
const end = performance.now() + long(10_000)
while (warnings.length === 0 && performance.now() < end) {
  globalThis.gc?.()
  await setImmediate()
}
globalThis.gc?.()
await setImmediate()
const [first, ...others] = warnings
const open = native.census() % 2 ** 32
console.log(
  JSON.stringify({ warning: first?.message, code: first?.code, open: open + others.length }),
)
